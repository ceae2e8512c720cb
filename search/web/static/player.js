// The page of a video: it starts at the second, and the lyrics follow.
import "./keys.js";
import { level } from "./loudness.js";

const player = document.getElementById("player");
const seek = document.getElementById("seek");
const alike = [...document.querySelectorAll("a[data-base]")];
const lines = [...document.querySelectorAll("#lyrics button")];
const isEncoded = player.dataset.way === "transcode";
const isCalm = matchMedia("(prefers-reduced-motion: reduce)");
const AROUND_SECONDS = 5;
// An encoded video begins at zero wherever it was entered.
let offset = 0;
let active = null;

const now = () => offset + player.currentTime;

function go(seconds, isPlaying) {
  if (isEncoded) {
    offset = seconds;
    player.src = `${player.dataset.media}?start=${seconds}`;
  } else {
    player.currentTime = seconds;
  }
  if (isPlaying) player.play().catch(() => {});
}

function start() {
  const seconds = Number(player.dataset.start);
  if (isEncoded) {
    go(seconds, true);
    return;
  }
  player.addEventListener("loadedmetadata", () => {
    if (seconds > 0) player.currentTime = seconds;
    player.play().catch(() => {});
  }, { once: true });
  player.src = player.dataset.media;
}

/** Mark how much of a line is sung: its words, or a share of it where only the line has times. */
function sing(line, seconds) {
  const words = line.querySelectorAll("[data-at]");
  for (const word of words) word.classList.toggle("sung", Number(word.dataset.at) <= seconds + 0.05);
  const start = Number(line.dataset.seconds);
  const length = Number(line.dataset.end || start) - start;
  const share = length > 0 && !words.length ? (seconds - start) / length : 0;
  line.style.setProperty("--sung", `${100 * Math.min(Math.max(share, 0), 1)}%`);
}

function follow() {
  const seconds = now();
  if (seek && document.activeElement !== seek) seek.value = seconds;
  const from = Math.max(0, seconds - AROUND_SECONDS).toFixed(1);
  const to = (seconds + AROUND_SECONDS).toFixed(1);
  for (const link of alike) link.href = `${link.dataset.base}&start=${from}&end=${to}`;
  const line = lines.findLast((one) => Number(one.dataset.seconds) <= seconds + 0.05) ?? null;
  if (line) sing(line, seconds);
  if (line === active) return;
  active?.removeAttribute("aria-current");
  active = line;
  if (!line) return;
  line.setAttribute("aria-current", "true");
  const list = line.closest("ol");
  const top = line.offsetTop - list.offsetTop - list.clientHeight / 2 + line.clientHeight / 2;
  list.scrollTo({ top, behavior: isCalm.matches ? "auto" : "smooth" });
}

const moods = document.getElementById("moods");
const moodHeads = [...(moods?.querySelectorAll(".head") ?? [])];

/** Show in the curves of the mood where the video is. */
function point() {
  const x = 100 * Math.min(1, now() / Number(moods.dataset.secondsLong));
  for (const head of moodHeads) { head.setAttribute("x1", x); head.setAttribute("x2", x); }
}

if (moods) {
  player.addEventListener("timeupdate", point);
  player.addEventListener("seeked", point);
  moods.addEventListener("click", (event) => {
    const box = event.target.closest("svg")?.getBoundingClientRect();
    if (box) go(Number(moods.dataset.secondsLong) * (event.clientX - box.left) / box.width, true);
  });
}

player.addEventListener("timeupdate", follow);
player.addEventListener("seeked", follow);
seek?.addEventListener("change", () => go(Number(seek.value), true));

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-seconds]");
  if (button) go(Number(button.dataset.seconds), true);
  const tab = event.target.closest(".tabs button");
  for (const one of tab ? document.querySelectorAll(".tabs button") : []) {
    one.setAttribute("aria-pressed", String(one === tab));
  }
});

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (!["BODY", "MAIN"].includes(event.target.tagName)) return;
  if (event.key === " ") {
    event.preventDefault();
    if (player.paused) player.play().catch(() => {});
    else player.pause();
  } else if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
    event.preventDefault();
    go(Math.max(0, now() + (event.key === "ArrowRight" ? 5 : -5)), !player.paused);
  }
});

level(player, player.dataset.gain, player.dataset.peak);
start();
