// Compares a PDF with the one that was issued, by its SHA-256, on the reader's own device: nothing is sent.
const place = document.querySelector("[data-compare]");
const answer = place.querySelector(".compared");

const hex = (bytes) => Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, "0")).join("");

if (globalThis.crypto?.subtle) {
  place.querySelector("input").addEventListener("change", async (event) => {
    const [file] = event.target.files;
    answer.textContent = "";
    if (!file) return;
    const same = hex(await crypto.subtle.digest("SHA-256", await file.arrayBuffer())) === place.dataset.compare;
    answer.dataset.tone = same ? "good" : "stop";
    answer.textContent = same ? place.dataset.same : place.dataset.other;
  });
} else {
  place.hidden = true; // browsers compute hashes on secure pages only
}
