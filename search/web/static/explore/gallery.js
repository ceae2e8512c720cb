// The gallery: a click on a picture plays the music that fits it, and says why.
import "../keys.js";
import { send } from "../send.js";

const byId = (id) => document.getElementById(id);
const notice = byId("notice");
const works = byId("works");
const hallBox = byId("hall");
const music = byId("music");
const song = byId("song");
const drop = byId("drop");
const byMood = byId("by-mood");
const MAX_BYTES = 64 * 2 ** 20;
const isCalm = matchMedia("(prefers-reduced-motion: reduce)");

let hall = null;
let asking = 0;

/** What the server is asked about a picture. */
function describe(work) {
  const { upload, picture, video, seconds } = work.dataset;
  if (upload) return { upload };
  return picture ? { picture } : { video, seconds: Number(seconds) };
}

async function play(work) {
  const number = asking += 1;
  for (const one of works.querySelectorAll(".work")) one.setAttribute("aria-pressed", String(one === work));
  notice.textContent = "Finding the music…";
  const way = byMood.getAttribute("aria-pressed") === "true" ? "mood" : null;
  const told = await send("/api/v1/picture-music", notice, { ...describe(work), way });
  if (number !== asking || !told) return;
  if (!told.songs.length) {
    notice.textContent = "No song of this library can be compared with it.";
    return;
  }
  show(told.songs, 0);
}

function show(songs, at) {
  const { video, at_seconds: start, why } = songs[at];
  music.hidden = false;
  const link = document.createElement("a");
  link.href = `/video/${video.id}?t=${start}`;
  link.textContent = video.artist ? `${video.artist} – ${video.title}` : video.title;
  byId("what").replaceChildren(link);
  byId("why").replaceChildren(...why.map((text) => {
    const item = document.createElement("li");
    item.textContent = text;
    return item;
  }));
  byId("others").replaceChildren(...songs.flatMap((other, place) => {
    if (place === at) return [];
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = `or ${other.video.title}`;
    button.addEventListener("click", () => show(songs, place));
    return [button];
  }));
  song.src = `/api/v1/videos/${video.id}/media?start=${start}`;
  song.addEventListener("loadedmetadata", () => {
    // What is encoded on the way begins at the moment already, and has no end yet.
    if (Number.isFinite(song.duration) && song.duration > start) song.currentTime = start;
    song.play().catch(() => {});
  }, { once: true });
}

function close() {
  asking += 1;
  song.removeAttribute("src");
  song.load();
  music.hidden = true;
  for (const one of works.querySelectorAll(".work")) one.removeAttribute("aria-pressed");
}

async function hang(file) {
  if (file.size > MAX_BYTES) {
    notice.textContent = `${file.name} is larger than 64 MiB`;
    return;
  }
  notice.textContent = "Hanging the picture…";
  const body = new FormData();
  body.append("image", file);
  const told = await send("/api/v1/uploads", notice, body);
  if (!told) return;
  const item = document.createElement("li");
  const work = document.createElement("button");
  const picture = document.createElement("img");
  const label = document.createElement("span");
  Object.assign(work, { type: "button", className: "work" });
  work.dataset.upload = told[0].id;
  Object.assign(picture, { src: URL.createObjectURL(file), alt: "" });
  label.textContent = file.name || "your picture";
  work.append(picture, label);
  item.append(work);
  works.prepend(item);
  byId("bare")?.remove();
  hall?.hang(work);
  play(work);
}

const hangAll = (files) => [...files].filter((one) => one.type.startsWith("image/") || !one.type).forEach(hang);

async function showHall(isAsked) {
  try {
    const { openHall } = await import("./hall.js");
    hallBox.hidden = false;
    hall ??= openHall({
      canvas: byId("canvas"),
      works: [...works.querySelectorAll(".work")],
      isCalm,
      onPick: play,
      onFace: (work) => { byId("label").textContent = work?.innerText ?? ""; },
    });
    works.hidden = true;
    setPressed(true);
    hall.resume();
  } catch (error) {
    hallBox.hidden = true;
    if (isAsked) notice.textContent = "This browser has no WebGL, which the hall needs: here is the grid.";
  }
}

function showGrid() {
  hall?.pause();
  hallBox.hidden = true;
  works.hidden = false;
  setPressed(false);
}

function setPressed(isHall) {
  byId("to-hall").setAttribute("aria-pressed", String(isHall));
  byId("to-grid").setAttribute("aria-pressed", String(!isHall));
}

works.addEventListener("click", (event) => {
  const work = event.target.closest(".work");
  if (work) play(work);
});
byMood.addEventListener("click", () => {
  byMood.setAttribute("aria-pressed", String(byMood.getAttribute("aria-pressed") !== "true"));
  const shown = works.querySelector('.work[aria-pressed="true"]');
  if (shown) play(shown);
});
byId("close").addEventListener("click", close);
byId("to-hall").addEventListener("click", () => showHall(true));
byId("to-grid").addEventListener("click", showGrid);
for (const button of document.querySelectorAll("[data-walk]")) {
  button.addEventListener("click", () => hall?.step(button.dataset.walk));
}
byId("file").addEventListener("change", (event) => {
  hangAll(event.target.files);
  event.target.value = "";
});
song.addEventListener("error", () => {
  if (song.getAttribute("src")) notice.textContent = "This song cannot be played here.";
});
addEventListener("paste", (event) => {
  if (event.clipboardData?.files.length) { event.preventDefault(); hangAll(event.clipboardData.files); }
});
addEventListener("dragover", (event) => {
  if (!event.dataTransfer?.types.includes("Files")) return;
  event.preventDefault();
  drop.hidden = false;
});
addEventListener("dragleave", (event) => { if (!event.relatedTarget) drop.hidden = true; });
addEventListener("drop", (event) => {
  drop.hidden = true;
  if (!event.dataTransfer?.files.length) return;
  event.preventDefault();
  hangAll(event.dataTransfer.files);
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !music.hidden) close();
});
document.addEventListener("error", (event) => {
  if (event.target.matches?.(".work img")) event.target.closest("li").remove();
}, true);

if (hallBox.dataset.view === "hall" || (hallBox.dataset.view !== "grid" && !isCalm.matches)) showHall(false);
