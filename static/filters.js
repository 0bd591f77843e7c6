// Filters answer as soon as one is chosen. A text is sent with Enter or the button, never while it is typed;
// empty fields stay out of the address.
const wide = matchMedia("(min-width: 62rem)");

for (const form of document.querySelectorAll("form[data-auto-submit]")) {
  form.addEventListener("change", (event) => {
    if (event.target.matches("[type=search], [type=text]")) return;
    if (wide.matches || !form.closest("details")) form.requestSubmit();
  });
  form.addEventListener("submit", () => {
    for (const field of form.elements) {
      if (field.name && !field.value && field.type !== "checkbox") field.disabled = true;
    }
  });
}

addEventListener("pageshow", () => {
  for (const field of document.querySelectorAll("form[data-auto-submit] :disabled")) field.disabled = false;
});
