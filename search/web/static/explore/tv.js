// Radio: one similar song after another, without repeats of song or artist.
import "../keys.js";
import { level } from "../loudness.js";
import { send } from "../send.js";

const tv = document.getElementById("tv");
const screen = document.getElementById("screen");
const notice = document.getElementById("notice");
const like = document.getElementById("like");
const save = document.getElementById("save");
const lists = { queue: document.getElementById("queue"), played: document.getElementById("played") };
const AHEAD = 4;
// So many files in a row that cannot be played end it.
const MAX_FAILURES = 5;
const NAMES = { frames: "look", lyrics: "lyrics", audio: "sound" };

const liked = new Set(tv.dataset.liked.split(" ").filter(Boolean));
let queue = [...lists.queue.children].map((one) => ({ ...one.dataset, why: "" }));
const played = [];
let now = null;
let isAsking = false;
let isAtEnd = false;
// Whether the next song plays as soon as there is one.
let isWaiting = false;
let failures = 0;

function describe(result) {
  const parts = Object.entries(result.contributions ?? {})
    .sort((one, other) => other[1].similarity - one[1].similarity)
    .map(([name, part]) => `${NAMES[name]} ${part.similarity.toFixed(2)}`);
  return parts.length ? `Follows by ${parts.join(", ")}` : "";
}

function makeItem(song, onClick) {
  const item = document.createElement("li");
  const button = document.createElement("button");
  const picture = document.createElement("img");
  const title = document.createElement("b");
  const artist = document.createElement("span");
  button.type = "button";
  Object.assign(picture, { src: song.picture || `/api/v1/videos/${song.id}/thumbnail?t=30`, alt: "", loading: "lazy" });
  picture.addEventListener("error", () => {
    const note = document.createElement("span");
    note.className = "note";
    picture.replaceWith(note);
  });
  title.textContent = song.title;
  artist.textContent = song.artist || "\u00a0";
  for (const one of [title, artist]) one.dir = "auto";
  button.append(picture, title, artist);
  button.addEventListener("click", onClick);
  item.append(button);
  return item;
}

function show() {
  const name = now ? (now.artist ? `${now.artist} – ${now.title}` : now.title) : "";
  document.getElementById("now").textContent = name;
  document.getElementById("why").textContent = now?.why ?? "";
  lists.queue.replaceChildren(...queue.map((song, at) => makeItem(song, () => jump(at))));
  lists.played.replaceChildren(
    ...[...played].reverse().map((song, at) => makeItem(song, () => goBack(at + 1))));
  document.getElementById("end").hidden = !(isAtEnd && !queue.length);
  if (like && now) like.setAttribute("aria-pressed", String(liked.has(now.id)));
  for (const form of ["m3u8", "xspf"]) {
    const link = new URLSearchParams({ form, name: "Radio" });
    for (const song of listAll().slice(-300)) link.append("video", song.id);
    document.getElementById(form).href = `/api/v1/playlist-file?${link}`;
  }
}

const listAll = () => [...played, ...(now ? [now] : []), ...queue];

async function fill() {
  if (isAsking || isAtEnd || queue.length >= AHEAD) return;
  isAsking = true;
  const asked = tv.dataset.by;
  const weights = asked === "all" ? {} : { [asked]: 1 };
  const all = listAll();
  const body = { played: all.map((song) => song.id).slice(-2000), length: 1, ...weights };
  const found = await send("/api/v1/chain", notice, body);
  isAsking = false;
  // Another kind of similarity was chosen, or the queue was changed, while this was asked.
  if (asked !== tv.dataset.by || listAll().at(-1)?.id !== all.at(-1)?.id) return fill();
  if (!found) return undefined;
  isAtEnd = !found.length;
  queue.push(...found.map((one) => ({
    id: one.video.id, title: one.video.title, artist: one.video.artist ?? "", why: describe(one),
    gain: one.video.gain_db ?? "", peak: one.video.peak ?? "",
    picture: one.video.artwork ? `/api/v1/videos/${one.video.id}/picture` : "",
  })));
  if (isWaiting && queue.length) next();
  show();
  // One by one: in a large library each takes seconds, and the first is needed first.
  return fill();
}

function play(song) {
  now = song;
  level(screen, song.gain, song.peak);
  screen.src = `/api/v1/videos/${song.id}/media`;
  screen.play().catch(() => {});
  const address = new URL(location.href);
  address.search = new URLSearchParams({ start: song.id, ...(tv.dataset.by === "all" ? {} : { by: tv.dataset.by }) });
  history.replaceState(null, "", address);
  show();
  fill();
}

function next() {
  isWaiting = !queue.length;
  if (isWaiting) {
    fill();
    return;
  }
  if (now) played.push(now);
  play(queue.shift());
}

function jump(at) {
  queue = queue.slice(at);
  next();
}

function goBack(n) {
  if (!played.length) { screen.currentTime = 0; return; }
  const back = played.splice(-n);
  isWaiting = false;
  queue = [...back.slice(1), ...(now ? [now] : []), ...queue];
  play(back[0]);
}

screen.addEventListener("ended", next);
screen.addEventListener("playing", () => { failures = 0; });
screen.addEventListener("error", () => {
  if (!screen.getAttribute("src")) return;
  failures += 1;
  notice.textContent = `${now?.title ?? "The song"} cannot be played here.`;
  if (failures <= MAX_FAILURES) setTimeout(next, 1500);
});
document.getElementById("skip").addEventListener("click", next);
document.getElementById("back").addEventListener("click", () => goBack(1));

like?.addEventListener("click", async () => {
  const song = now;
  const isIn = !liked.has(song.id);
  const told = await send("/api/v1/playlists/mark", notice, { name: "Liked", video: song.id, is_in: isIn });
  if (!told) return;
  if (isIn) liked.add(song.id);
  else liked.delete(song.id);
  show();
});

save?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const name = save.elements.name.value.trim();
  const videos = listAll().map((song) => song.id);
  const told = await send("/api/v1/playlists", notice, { name, videos });
  if (told) notice.textContent = `Saved ${told.videos} songs as ${told.name}.`;
});

for (const tab of document.querySelectorAll(".tabs button")) {
  tab.addEventListener("click", () => {
    for (const one of document.querySelectorAll(".tabs button")) {
      one.setAttribute("aria-pressed", String(one === tab));
    }
    tv.dataset.by = tab.dataset.by;
    queue = [];
    isAtEnd = false;
    show();
    fill();
  });
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (/^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)) return;
  if (event.key === "n") next();
  else if (event.key === "p") goBack(1);
  else if (event.key === "l") like?.click();
  else if (event.key === " " && !/^(BUTTON|A|VIDEO)$/.test(event.target.tagName)) {
    event.preventDefault();
    if (screen.paused) screen.play().catch(() => {});
    else screen.pause();
  }
});

next();
