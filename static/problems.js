// A form that came back: the list of its problems is read first, and each link puts the cursor in its field.
const box = document.querySelector("[data-problems]");
box.focus({ preventScroll: true });
box.scrollIntoView({ block: "center" });

box.addEventListener("click", (event) => {
  const link = event.target.closest("a[href^='#']");
  const found = link && document.getElementById(link.hash.slice(1));
  if (!found) return;
  event.preventDefault();
  const field = found.matches("input, select, textarea") ? found : found.querySelector("input, select, textarea");
  (field ?? found).focus();
  found.scrollIntoView({ block: "center" });
});
