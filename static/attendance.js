// The attendance list: marks in place, one tap per person. A tap is kept in this browser's storage with an id of its own
// until the server has answered for it, so that a phone without a connection loses none and a repeated send counts once.
const list = document.querySelector("[data-marks]");
const form = document.getElementById("list");
const said = document.getElementById("said");
const waits = document.getElementById("waits");
const words = JSON.parse(list.dataset.words);
const key = `atrium-marks:${list.dataset.slot}`;
const BATCH = 200;
const PATIENCE = [1, 3, 8, 20, 60]; // seconds between tries while there is no connection

// --- what waits on this device ---------------------------------------------------------------------------------
const kept = () => {
  try {
    return JSON.parse(localStorage.getItem(key)) ?? [];
  } catch {
    return [];
  }
};
const keep = (taps) => (taps.length ? localStorage.setItem(key, JSON.stringify(taps)) : localStorage.removeItem(key));
const works = () => {
  try {
    keep(kept());
    return true;
  } catch {
    return false; // private window, or full: the buttons stay plain forms
  }
};
const newId = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

// --- what the page shows ---------------------------------------------------------------------------------------
const row = (person) => list.querySelector(`[data-person="${CSS.escape(person)}"]`);
const wasThere = (presence) => ["present", "late", "left_early"].includes(presence);

const show = (person, presence, state) => {
  const line = row(person);
  if (!line) return;
  line.dataset.presence = presence;
  line.classList.toggle("in", wasThere(presence));
  line.querySelector(".state").textContent = state;
};

const count = () => {
  const lines = [...list.children];
  const there = lines.filter((line) => wasThere(line.dataset.presence)).length;
  const unmarked = lines.filter((line) => line.dataset.presence === "unmarked").length;
  tally({ there, unmarked, total: lines.length });
};
const tally = (numbers) => {
  for (const place of document.querySelectorAll("[data-count]")) place.textContent = numbers[place.dataset.count];
  const bar = document.querySelector("[data-tally] progress");
  bar.value = numbers.there;
  bar.max = numbers.total;
  bar.setAttribute("aria-label", `${numbers.there} / ${numbers.total}`);
};

const showWaiting = (away = false) => {
  const taps = kept();
  const people = new Set(taps.map((tap) => tap.registration));
  for (const line of list.children) line.toggleAttribute("data-waits", people.has(line.dataset.person));
  waits.hidden = taps.length === 0;
  const text = taps.length === 1 ? waits.dataset.one : waits.dataset.many.replace("{n}", taps.length);
  waits.textContent = away ? waits.dataset.away : text;
};

const say = (text, undo, tone = "success") => {
  said.replaceChildren();
  if (!text) return;
  const toast = document.createElement("div");
  toast.className = `toast show w-100 mb-2 toast-${tone}`;
  const body = document.createElement("div");
  body.className = "toast-body";
  body.append(Object.assign(document.createElement("span"), { textContent: text }));
  if (undo) {
    const button = Object.assign(document.createElement("button"), { type: "button", className: "btn btn-link", textContent: said.dataset.undo });
    button.addEventListener("click", undo);
    body.append(button);
  }
  toast.append(body);
  said.append(toast);
};

// --- sending: one request at a time, in the order of the taps -----------------------------------------------------
let sending = false;
let tries = 0;
let timer;

const token = () => form.elements.csrf_token.value;
const freshToken = async () => {
  const page = new DOMParser().parseFromString(await (await fetch(location.pathname)).text(), "text/html");
  const found = page.querySelector("#list [name=csrf_token]");
  if (found) form.elements.csrf_token.value = found.value;
  return Boolean(found);
};

const post = (taps) =>
  fetch(list.dataset.marks, {
    method: "POST",
    keepalive: true, // the page may be left while it travels
    headers: { "Content-Type": "application/json", "X-CSRFToken": token(), Accept: "application/json" },
    body: JSON.stringify({ marks: taps.map(({ at, ...tap }) => ({ ...tap, age: Math.max(0, (Date.now() - at) / 1000) })) }),
  });

const isJson = (answer) => (answer.headers.get("Content-Type") ?? "").includes("json");

const send = async () => {
  clearTimeout(timer);
  const taps = kept().slice(0, BATCH);
  if (sending || taps.length === 0) return;
  sending = true;
  try {
    let answer = await post(taps);
    if (answer.status === 400 && (await freshToken())) answer = await post(taps);
    if (!answer.ok || !isJson(answer)) throw Object.assign(new Error("not taken"), { away: answer.redirected || !answer.ok });
    await take(await answer.json(), taps);
    tries = 0;
    sending = false;
    if (kept().length) send();
  } catch (error) {
    sending = false;
    showWaiting(Boolean(error.away));
    timer = setTimeout(send, PATIENCE[Math.min(tries++, PATIENCE.length - 1)] * 1000);
  }
};

const take = async (answer, taps) => {
  const sent = new Set(taps.map((tap) => tap.id));
  keep(kept().filter((tap) => !sent.has(tap.id)));
  read(answer);
  for (const [id, why] of Object.entries(answer.refused ?? {})) {
    const tap = taps.find((one) => one.id === id);
    const name = tap && row(tap.registration)?.querySelector("b")?.textContent;
    say(name ? `${name}: ${why}` : why, null, "error");
  }
};

// The list as the server knows it, with what still waits here laid over it.
const read = (answer) => {
  for (const [person, [presence, state]] of Object.entries(answer.people)) show(person, presence, state);
  for (const tap of kept()) show(tap.registration, tap.presence, plain(tap.presence));
  if (kept().length) count();
  else tally(answer);
  showWaiting();
};

const plain = (presence) => words[presence].replace(/,?\s*\{time\}/, "");

const look = async () => {
  if (sending || kept().length) return send();
  try {
    const answer = await fetch(location.pathname, { headers: { Accept: "application/json" } });
    if (answer.ok && isJson(answer)) read(await answer.json());
  } catch {
    // no connection: the list stays as it was
  }
};

// --- what one does ------------------------------------------------------------------------------------------------
const mark = (person, presence) => {
  const line = row(person);
  const before = line.dataset.presence;
  keep([...kept(), { id: newId(), registration: person, presence, at: Date.now() }]);
  show(person, presence, plain(presence));
  count();
  showWaiting();
  const name = line.querySelector("b").textContent;
  say(presence === "unmarked" ? "" : `${name}: ${plain(presence)}`, () => {
    mark(person, before);
    say("");
    line.querySelector(before === "unmarked" ? ".one-tap" : "summary").focus();
  });
  send();
};

const find = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

if (works()) {
  form.addEventListener("submit", (event) => {
    const [person, presence] = (event.submitter?.value ?? "").split(":");
    if (!presence || !row(person)) return;
    event.preventDefault();
    const more = row(person).querySelector("details");
    more.open = false;
    mark(person, presence);
    if (document.activeElement === document.body || !document.activeElement.offsetParent) more.querySelector("summary").focus();
  });

  const who = document.getElementById("who");
  who.form.addEventListener("submit", (event) => event.preventDefault());
  who.addEventListener("input", () => {
    const wanted = find(who.value.trim());
    let seen = 0;
    for (const line of list.children) {
      line.hidden = !find(line.querySelector("div").textContent).includes(wanted);
      seen += !line.hidden;
    }
    document.getElementById("nobody").hidden = seen > 0;
  });

  document.addEventListener("keydown", (event) => {
    const open = event.key === "Escape" && list.querySelector("details[open]");
    if (!open) return;
    open.open = false;
    open.querySelector("summary").focus();
  });
  document.addEventListener("click", (event) => {
    for (const open of list.querySelectorAll("details[open]")) if (!open.contains(event.target)) open.open = false;
  });

  addEventListener("online", send);
  document.addEventListener("visibilitychange", () => document.hidden || look());
  addEventListener("beforeunload", (event) => {
    if (kept().length) event.preventDefault();
  });
  list.dataset.ready = "yes"; // until here the buttons were plain forms
  for (const tap of kept()) show(tap.registration, tap.presence, plain(tap.presence));
  if (kept().length) {
    count();
    showWaiting();
    send();
  }
}
