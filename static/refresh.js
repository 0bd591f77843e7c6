// Long work: reads the page again every few seconds and replaces the element that says data-refresh, until it no longer does.
const read = async (element) => {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (!answer.ok) return element;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.getElementById(element.id);
  if (!fresh) return element;
  element.replaceWith(fresh);
  return fresh;
};

const watch = (element) => {
  const seconds = Number(element.dataset.refresh);
  if (!seconds) return;
  setTimeout(async () => watch(await read(element).catch(() => element)), seconds * 1000);
};

for (const element of document.querySelectorAll("[data-refresh][id]")) watch(element);
