// Copies a payment reference, an account number or a calendar address, and says so on the button.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const words = button.textContent;
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
  } catch {
    return; // no permission: the text stays there to be selected by hand
  }
  button.textContent = button.dataset.done ?? words;
  button.dataset.copied = "yes";
  setTimeout(() => {
    button.textContent = words;
    delete button.dataset.copied;
  }, 2500);
});
