// Thumbs at results: they are gathered, sent as one list of judgements, and answered by a new list.
import "../keys.js";
import { send } from "../send.js";

const tray = document.getElementById("tray");
const told = document.getElementById("tray-told");
const trayNotice = document.getElementById("tray-notice");
const session = document.getElementById("session");
const notice = document.getElementById("notice");
// By video and modality, which is empty for all of a video: whether it is liked.
const judged = new Map();

const keyOf = (button) => `${button.dataset.video} ${button.dataset.modality}`;
const count = (isLiked) => [...judged.values()].filter((one) => one === isLiked).length;

function show() {
  for (const button of document.querySelectorAll(".thumb")) {
    const isPressed = judged.get(keyOf(button)) === Boolean(button.dataset.liked);
    button.setAttribute("aria-pressed", String(isPressed));
  }
  tray.hidden = !judged.size;
  told.textContent = `${count(true)} liked, ${count(false)} disliked`;
}

document.addEventListener("click", (event) => {
  const button = event.target.closest?.(".thumb");
  if (!button) return;
  const isLiked = Boolean(button.dataset.liked);
  const key = keyOf(button);
  if (judged.get(key) === isLiked) judged.delete(key);
  else judged.set(key, isLiked);
  // All of a video, or some of it.
  for (const other of [...judged.keys()]) {
    const [video, modality] = other.split(" ");
    const isSame = video === button.dataset.video && other !== key;
    if (isSame && (!modality || !button.dataset.modality)) judged.delete(other);
  }
  trayNotice.textContent = "";
  show();
});

function list(isLiked) {
  const found = [];
  for (const [key, one] of judged) {
    const [video, modality] = key.split(" ");
    if (one === isLiked) found.push({ video_id: video, modalities: modality ? [modality] : [] });
  }
  return found;
}

// The session that was begun by the search of this page, and what was asked.
let begun = { asked: "", name: null };

/** The name of the session: of this page, or a new one of the search that it shows. */
async function findName() {
  if (session) return session.dataset.name;
  const results = document.getElementById("results");
  const shown = [...results.querySelectorAll(".card[data-video]")].map((one) => one.dataset.video);
  const given = { ...JSON.parse(results.dataset.ask), shown };
  const asked = JSON.stringify(given);
  if (begun.name === null || begun.asked !== asked) {
    const kept = await send("/api/v1/sessions", trayNotice, given);
    begun = { asked, name: kept?.name ?? null };
  }
  return begun.name;
}

let isSending = false;

async function change(given, where) {
  if (isSending) return;
  isSending = true;
  const name = await findName();
  const answer = name === null
    ? null : await send("/api/v1/sessions/refine", where, { name, ...given });
  isSending = false;
  // Whoever comes back to this page refines its list anew.
  if (answer) begun.name = null;
  if (answer) location.assign(`/session?${new URLSearchParams({ name })}`);
}

const refine = (isNew) =>
  change({ like: list(true), dislike: list(false), new: isNew }, trayNotice);
document.getElementById("refine").addEventListener("click", () => refine(false));
document.getElementById("refine-new").addEventListener("click", () => refine(true));
document.getElementById("clear").addEventListener("click", () => { judged.clear(); show(); });
// Another search: what was judged is not shown any more.
document.addEventListener("htmx:afterSwap", (event) => {
  const shown = new Set([...document.querySelectorAll(".card[data-video]")].map((one) => one.dataset.video));
  if (event.detail?.target?.id !== "results" && event.target.id !== "results") return;
  for (const key of [...judged.keys()]) if (!shown.has(key.split(" ")[0])) judged.delete(key);
  show();
});

if (session) {
  document.getElementById("undo").addEventListener("click", () => change({ undo: true }, notice));
  document.getElementById("next").addEventListener("click", () => change({ new: true }, notice));
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-forget]");
    if (button) change({ forget: [button.dataset.forget] }, notice);
  });
  document.getElementById("rename").addEventListener("submit", async (event) => {
    event.preventDefault();
    const to = event.target.elements.name.value.trim();
    const answer = await send("/api/v1/sessions/rename", notice, { name: session.dataset.name, to });
    if (answer) location.assign(`/session?${new URLSearchParams({ name: answer.name })}`);
  });
  document.getElementById("delete").addEventListener("click", async () => {
    const name = new URLSearchParams({ name: session.dataset.name });
    if (await send(`/api/v1/sessions?${name}`, notice, undefined, "DELETE")) location.assign("/sessions");
  });
}
show();
