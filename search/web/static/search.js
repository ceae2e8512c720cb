// The search page: media are uploaded once, and each change asks again.
import { choosePart } from "./cut.js";
import { dropEmpty } from "./keys.js";
import { recordBy } from "./record.js";
import { send } from "./send.js";
import { nameFile } from "./writing.js";

const form = document.getElementById("search");
const chips = document.getElementById("chips");
const notice = document.getElementById("notice");
const drop = document.getElementById("drop");
const NAMES = { image: "picture", clip: "clip", audio: "sound" };
const MAX_BYTES = 64 * 2 ** 20;
// The files of this page by the id of their upload, for choosing another part of one.
const files = new Map();

const ask = () => form.dispatchEvent(new CustomEvent("ask", { bubbles: true }));
const isWeight = (name) => ["frames", "lyrics", "audio"].includes(name);
const sliders = [...form.querySelectorAll("input[type=range]")];

dropEmpty(form, (name) =>
  (isWeight(name) && !("weighted" in form.dataset)) ||
  (name === "mode" && form.elements.mode.value === "auto"));

let waiting = 0;
form.addEventListener("input", (event) => {
  if (event.target.type !== "range") return;
  form.dataset.weighted = "";
  clearTimeout(waiting);
  waiting = setTimeout(ask, 120);
});
form.addEventListener("change", (event) => {
  if (event.target.matches("select, input[type=number], input[type=checkbox], input[name=without]")) ask();
});

form.addEventListener("click", (event) => {
  const preset = event.target.closest("[data-weights]");
  if (preset) {
    const values = preset.dataset.weights.split(" ");
    if (values.length === 3) form.dataset.weighted = "";
    else delete form.dataset.weighted;
    sliders.forEach((slider, at) => { slider.value = values.length === 3 ? values[at] : 0.5; });
    ask();
  }
  const part = event.target.closest("[data-part]");
  if (part) changePart(part.closest("li"));
  if (event.target.closest("[data-remove]")) {
    event.target.closest("li").remove();
    notice.textContent = "";
    ask();
    form.elements.q.focus();
  }
});

function kindOf(file) {
  if (file.type.startsWith("image/")) return "image";
  if (file.type.startsWith("audio/")) return "audio";
  return "clip";
}

function clock(seconds) {
  return `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
}

function readPart(item) {
  const [, start, end] = /@([\d.]+)-([\d.]+)$/.exec(item.querySelector("input").value) ?? [];
  return start === undefined ? null : [Number(start), Number(end)];
}

function showPart(item, part) {
  const id = item.dataset.upload;
  const times = part?.map((one) => one.toFixed(1)).join("-");
  item.querySelector("input").value = part ? `${id}@${times}` : id;
  const button = item.querySelector("[data-part]");
  button.textContent = part ? `${clock(part[0])}–${clock(part[1])}` : "part…";
}

/** After a reload of the page, the server still has the file. */
async function fetchUpload(id) {
  const answer = await fetch(`/api/v1/uploads/${id}/content`);
  if (!answer.ok) throw new Error((await answer.json()).detail);
  return new Blob([await answer.arrayBuffer()]);
}

/** Another part of a clip is searched without sending it again. */
async function changePart(item) {
  const id = item.dataset.upload;
  try {
    if (!files.has(id)) files.set(id, await fetchUpload(id));
  } catch (error) {
    notice.textContent = error.message;
    return;
  }
  const part = await choosePart(files.get(id), readPart(item));
  item.querySelector("[data-part]").focus();
  if (part === undefined) return;
  showPart(item, part);
  ask();
}

function addChip(kind, id, file) {
  const item = document.createElement("li");
  item.dataset.upload = id;
  files.set(id, file);
  if (kind === "image") {
    const picture = document.createElement("img");
    picture.src = URL.createObjectURL(file);
    picture.alt = "";
    picture.addEventListener("load", () => URL.revokeObjectURL(picture.src), { once: true });
    item.append(picture);
  }
  const name = document.createElement("span");
  name.textContent = file.name ? `${NAMES[kind]} ${file.name}` : NAMES[kind];
  const input = document.createElement("input");
  Object.assign(input, { type: "hidden", name: "upload", value: id });
  const remove = document.createElement("button");
  Object.assign(remove, { type: "button", textContent: "×" });
  remove.dataset.remove = "";
  remove.setAttribute("aria-label", `Remove the ${NAMES[kind]}`);
  item.append(name, input);
  if (kind !== "image") {
    const part = document.createElement("button");
    Object.assign(part, { type: "button", className: "section", title: "Choose a part" });
    part.dataset.part = "";
    item.append(part);
    showPart(item, null);
  }
  item.append(remove);
  chips.append(item);
}

async function addFile(file) {
  if (file.size > MAX_BYTES) {
    notice.textContent = `${file.name} is larger than 64 MiB: cut a part out of it`;
    return;
  }
  const kind = kindOf(file);
  const body = new FormData();
  body.append(kind, file);
  notice.textContent = `Sending the ${NAMES[kind]}…`;
  const told = await send("/api/v1/uploads", notice, body);
  if (!told) return;
  addChip(kind, told[0].id, file);
  nameFile(kind, told[0].name);
}

async function addFiles(files) {
  for (const file of files) await addFile(file);
  ask();
}

recordBy(document.getElementById("record"), (file) => addFiles([file]), (line) => {
  notice.textContent = line;
});

document.getElementById("file").addEventListener("change", (event) => {
  addFiles([...event.target.files]);
  event.target.value = "";
});

addEventListener("paste", (event) => {
  const files = [...(event.clipboardData?.files ?? [])];
  if (files.length) {
    event.preventDefault();
    addFiles(files);
  }
});

addEventListener("dragover", (event) => {
  if (!event.dataTransfer?.types.includes("Files")) return;
  event.preventDefault();
  drop.hidden = false;
});
addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) drop.hidden = true;
});
addEventListener("drop", (event) => {
  drop.hidden = true;
  if (!event.dataTransfer?.files.length) return;
  event.preventDefault();
  addFiles([...event.dataTransfer.files]);
});

document.addEventListener("htmx:responseError", async (event) => {
  let told = "The server refused the query.";
  try { told = JSON.parse(event.detail.xhr.responseText).detail ?? told; } catch { /* a page */ }
  notice.textContent = told;
});
document.addEventListener("htmx:sendError", () => {
  notice.textContent = "The server does not answer. Is mvsearch serve still running?";
});
document.addEventListener("htmx:beforeRequest", () => { notice.textContent = ""; });
