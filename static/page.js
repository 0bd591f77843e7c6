// Loaded on every page; fetches only the modules this page has a use for. Everything works without them.
const modules = {
  "form[data-once]": "./once.js",
  "form[data-auto-submit]": "./filters.js",
  "[data-bulk]": "./bulk.js",
  "[data-problems]": "./problems.js",
  "[data-copy]": "./copy.js",
  "[data-refresh]": "./refresh.js",
  "[data-marks]": "./attendance.js",
  "[data-compare]": "./compare.js",
  "[data-rows]": "./rows.js",
};

for (const [selector, file] of Object.entries(modules)) {
  if (document.querySelector(selector)) import(file);
}
