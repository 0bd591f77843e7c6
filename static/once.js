// A form marked data-once is sent once: a second click while it travels does nothing.
// The button is not disabled before the browser has read it, so that its name and value are sent too.
// An answer that is a file leaves the page standing: after a few seconds the form can be used again.
const release = (form) => {
  delete form.dataset.sent;
  for (const button of form.querySelectorAll("button[type=submit]")) button.disabled = false;
};

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("form[data-once]") || event.defaultPrevented) return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  setTimeout(() => {
    for (const button of form.querySelectorAll("button[type=submit]")) button.disabled = true;
  });
  setTimeout(() => release(form), 6000);
});

// Coming back with the browser's “back” finds the form usable again.
addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach(release));
