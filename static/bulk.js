// The bar under a table counts the rows chosen and hides while there are none.
for (const bar of document.querySelectorAll("[data-bulk]")) {
  const form = bar.closest("form");
  const count = bar.querySelector("[data-bulk-count]");
  const all = form.querySelector(`[data-bulk-all="${bar.dataset.bulk}"]`);
  const boxes = [...form.querySelectorAll(`input[type=checkbox][name="${bar.dataset.bulk}"]`)];

  const tell = () => {
    const chosen = boxes.filter((box) => box.checked).length;
    bar.hidden = chosen === 0;
    count.textContent = chosen === 1 ? count.dataset.one : count.dataset.many.replace("{n}", chosen);
    if (all) {
      all.checked = chosen > 0 && chosen === boxes.length;
      all.indeterminate = chosen > 0 && chosen < boxes.length;
    }
  };

  form.addEventListener("change", (event) => {
    if (event.target === all) for (const box of boxes) box.checked = all.checked;
    tell();
  });
  addEventListener("pageshow", tell);
  tell();
}
