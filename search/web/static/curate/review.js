// The review of versions: each decision is stored at once, and can be taken back.
import "../keys.js";
import { send } from "../send.js";
import { watchJob } from "../jobs.js";

const byId = (id) => document.getElementById(id);
const notice = byId("notice");
const look = byId("look");
const shown = { bar: byId("bar"), state: byId("state"), cancel: byId("cancel"), name: "Comparing" };

function watch(id) {
  look.disabled = true;
  watchJob(id, shown, (job) => {
    look.disabled = false;
    if (job.state === "done") location.reload();
  });
}

look.addEventListener("click", async () => {
  const job = await send("/api/v1/jobs/versions", notice);
  if (job) watch(job.id);
});
if (look.dataset.job) watch(look.dataset.job);

function show(pair, decision) {
  pair.dataset.decision = decision;
  const isOpen = decision === "open";
  for (const side of pair.querySelectorAll(".side")) {
    const isKept = decision === "both" || decision === side.dataset.id;
    side.classList.toggle("kept", !isOpen && isKept);
    side.classList.toggle("surplus", !isOpen && !isKept);
    const mark = side.querySelector(".mark");
    mark.hidden = isOpen;
    mark.textContent = isOpen ? "" : isKept ? "kept" : "surplus";
  }
  for (const button of pair.querySelectorAll("[data-kept]")) button.hidden = !isOpen;
  const undo = pair.querySelector("[data-undo]");
  if (undo) undo.hidden = isOpen;
}

async function decide(pair, kept) {
  const { first, second } = pair.dataset;
  const told = await send("/api/v1/review", notice, { first, second, kept: kept || null });
  if (!told) return;
  show(pair, kept || "both");
  byId("n-surplus").textContent = told.surplus;
  pair.querySelector("[data-undo]").focus();
}

async function undo(pair) {
  const { first, second } = pair.dataset;
  const told = await send(`/api/v1/review?${new URLSearchParams({ first, second })}`, notice, undefined, "DELETE");
  if (!told) return;
  show(pair, "open");
  byId("n-surplus").textContent = told.surplus;
  pair.focus();
}

for (const pair of document.querySelectorAll(".pair")) {
  show(pair, pair.dataset.decision);
  pair.addEventListener("click", (event) => {
    const { kept, undo: isUndo } = event.target.dataset;
    if (kept !== undefined) decide(pair, kept);
    else if (isUndo !== undefined) undo(pair);
  });
  pair.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const key = { 1: pair.dataset.first, 2: pair.dataset.second, 0: "" }[event.key];
    const isOpen = pair.dataset.decision === "open";
    const button = pair.querySelector(key ? `[data-kept="${key}"]` : '[data-kept=""]');
    if (key !== undefined && isOpen && button) decide(pair, key);
    else if (event.key === "u" && !isOpen && button) undo(pair);
  });
}

function list(files, words) {
  byId("moved").replaceChildren(...[`${files.length} ${files.length === 1 ? "file" : "files"} ${words}`, ...files].map((text) => {
    const item = document.createElement("li");
    item.textContent = text;
    return item;
  }));
}

byId("move")?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const told = await send("/api/v1/review/move", notice, { folder: event.target.elements.folder.value.trim() });
  if (!told) return;
  list(told.files, "moved, with the files that belong to them; an undo file lies beside them:");
  byId("n-surplus").textContent = "0";
  byId("back").hidden = false;
});
byId("back")?.addEventListener("click", async () => {
  const told = await send("/api/v1/review/move-back", notice);
  if (!told) return;
  list(told.files, "moved back:");
  byId("back").hidden = true;
});
