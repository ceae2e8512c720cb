// Choosing a part of a clip or sound by two handles, beside a player.

const dialog = document.getElementById("cut");
const player = document.getElementById("cut-player");
const trouble = document.getElementById("cut-trouble");
const rail = document.getElementById("cut-rail");
const [first, last] = rail.querySelectorAll("input");
const times = document.getElementById("cut-times");
const LEAST_SECONDS = 0.5;
// Where the browser cannot tell the length; the server reads no more than this of a clip.
const UNKNOWN_SECONDS = 120;
let answer = null;

function format(seconds) {
  const minutes = Math.floor(seconds / 60);
  return `${minutes}:${(seconds % 60).toFixed(1).padStart(4, "0")}`;
}

function show() {
  const length = Number(last.max);
  const [from, to] = [Number(first.value), Number(last.value)];
  rail.style.setProperty("--from", `${(100 * from) / length}%`);
  rail.style.setProperty("--to", `${(100 * to) / length}%`);
  times.textContent = `${format(from)} to ${format(to)}, ${(to - from).toFixed(1)} s`;
  first.setAttribute("aria-valuetext", format(from));
  last.setAttribute("aria-valuetext", format(to));
}

function setLength(seconds, part) {
  for (const handle of [first, last]) handle.max = seconds.toFixed(1);
  first.value = part ? part[0] : 0;
  last.value = part ? part[1] : seconds;
  show();
}

/** Keep the handles in order: one that is moved stops at the other. */
function move(handle) {
  if (handle === first) first.value = Math.min(first.value, last.value - LEAST_SECONDS);
  else last.value = Math.max(last.value, Number(first.value) + LEAST_SECONDS);
  show();
  player.pause();
  player.currentTime = Number(handle.value);
}
for (const handle of [first, last]) handle.addEventListener("input", () => move(handle));

player.addEventListener("timeupdate", () => {
  if (!player.paused && player.currentTime >= Number(last.value)) {
    player.pause();
    player.currentTime = Number(first.value);
  }
});
player.addEventListener("error", () => { trouble.hidden = !player.hasAttribute("src"); });
document.getElementById("cut-play").addEventListener("click", () => {
  if (!player.paused) { player.pause(); return; }
  player.currentTime = Number(first.value);
  player.play().catch(() => {});
});
document.getElementById("cut-take").addEventListener("click", () =>
  finish([Number(first.value), Number(last.value)]));
document.getElementById("cut-whole").addEventListener("click", () => finish(null));
dialog.addEventListener("close", () => finish(undefined));

function finish(part) {
  const tell = answer;
  answer = null;
  if (!tell) return;
  player.pause();
  URL.revokeObjectURL(player.src);
  player.removeAttribute("src");
  player.load();
  if (dialog.open) dialog.close();
  tell(part);
}

/** Recordings have no length in their header: the browser finds it at the end. */
function findLength(use) {
  const ready = () => {
    if (player.duration === Infinity) {
      player.currentTime = 1e7;
      return;
    }
    player.removeEventListener("durationchange", ready);
    if (player.currentTime) player.currentTime = 0;
    use(Number.isFinite(player.duration) ? player.duration : UNKNOWN_SECONDS);
  };
  player.addEventListener("durationchange", ready);
}

/**
 * Ask for a part of a file.
 * @returns [start, end] in seconds, null for all of it, undefined where nothing was chosen.
 */
export function choosePart(file, part) {
  trouble.hidden = true;
  setLength(UNKNOWN_SECONDS, part);
  findLength((seconds) => setLength(seconds, part));
  player.src = URL.createObjectURL(file);
  dialog.showModal();
  first.focus();
  return new Promise((resolve) => { answer = resolve; });
}
