// Rows of the same few fields (slots, prices): added and removed in place. Without this module the same buttons send
// the form, and the server gives it back with a row more or less and all that was typed.
const renumber = (row, name, index) => {
  const from = new RegExp(`\\b${name}-\\d+`);
  for (const attribute of ["name", "id", "for", "aria-describedby", "value"]) {
    for (const element of row.querySelectorAll(`[${attribute}]`)) {
      if (attribute === "value" && !element.matches("[data-remove-row]")) continue;
      element.setAttribute(attribute, element.getAttribute(attribute).replace(from, `${name}-${index}`));
    }
  }
};

const nextIndex = (list, name) =>
  1 + Math.max(-1, ...[...list.querySelectorAll("[name]")].map((field) => Number(field.name.match(`^${name}-(\\d+)`)?.[1] ?? -1)));

const dayAfter = (value) => {
  const day = new Date(`${value}T00:00:00Z`);
  day.setUTCDate(day.getUTCDate() + 1);
  return day.toISOString().slice(0, 10);
};

const prepare = (row) => {
  row.querySelector("[name$='-public_id']").value = "";
  for (const problem of row.querySelectorAll(".invalid-feedback")) problem.remove();
  for (const field of row.querySelectorAll(".is-invalid, .has-error")) field.classList.remove("is-invalid", "has-error");
  for (const field of row.querySelectorAll("[name*='-titles-'], [name*='-names-'], [name$='-price'], [name$='-limit'], [name$='-opens'], [name$='-closes']")) field.value = "";
  for (const fold of row.querySelectorAll("details")) fold.open = false;
  const day = row.querySelector("[name$='-day']");
  if (day?.value) day.value = dayAfter(day.value);
};

for (const rows of document.querySelectorAll("[data-rows]")) {
  const name = rows.dataset.rows;
  const list = rows.querySelector("ol");

  rows.addEventListener("click", (event) => {
    const last = list.lastElementChild;
    if (event.target.closest("[data-add-row]") && last) {
      event.preventDefault();
      const row = last.cloneNode(true);
      for (const select of last.querySelectorAll("select")) row.querySelector(`[name="${select.name}"]`).value = select.value;
      renumber(row, name, nextIndex(list, name));
      prepare(row);
      list.append(row);
      row.querySelector("input:not([type=hidden]), select").focus();
    }
    const remove = event.target.closest("[data-remove-row]");
    if (remove) {
      event.preventDefault();
      const row = remove.closest("[data-row]");
      const near = row.previousElementSibling ?? row.nextElementSibling;
      if (list.children.length === 1) return remove.form.requestSubmit(remove);
      row.remove();
      (near.querySelector("input:not([type=hidden]), select") ?? rows).focus();
    }
  });
}
