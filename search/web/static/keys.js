// Keys of all pages, and previews of results on hover.

const isTyping = (target) =>
  target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);

const shots = () => [...document.querySelectorAll(".card .shot")];

/** The result that lies in a direction from one, by the middle of both. */
function findNext(from, key) {
  const all = shots();
  const at = all.indexOf(from);
  if (at < 0) return all[0];
  if (key === "ArrowLeft") return all[at - 1];
  if (key === "ArrowRight") return all[at + 1];
  const box = from.getBoundingClientRect();
  const sign = key === "ArrowDown" ? 1 : -1;
  let best = null;
  for (const one of all) {
    const other = one.getBoundingClientRect();
    const down = sign * (other.top - box.top);
    if (down <= 4) continue;
    const far = down * 10 + Math.abs(other.left - box.left);
    if (!best || far < best.far) best = { one, far };
  }
  return best?.one;
}

const isCalm = matchMedia("(prefers-reduced-motion: reduce)");
let shown = null;

/** Play a result without sound in its card, or end that. */
export function preview(shot) {
  if (shown) {
    shown.video.removeAttribute("src");
    shown.video.load();
    shown.video.remove();
    const same = shown.shot === shot;
    shown = null;
    if (same) return;
  }
  if (!shot?.dataset.media) return;
  const video = document.createElement("video");
  const start = Number(shot.dataset.start);
  video.muted = true;
  video.playsInline = true;
  video.src = `${shot.dataset.media}?start=${start}`;
  video.addEventListener("loadedmetadata", () => {
    if (Number.isFinite(video.duration) && video.duration > start) video.currentTime = start;
    video.play().catch(() => {});
  }, { once: true });
  // A loop of the moment.
  video.addEventListener("timeupdate", () => {
    if (video.currentTime > start + 8) video.currentTime = start;
  });
  shot.append(video);
  shown = { shot, video };
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const typing = isTyping(event.target);
  const query = document.getElementById("q") ?? document.getElementById("title");
  if (event.key === "?" && !typing) {
    document.getElementById("keys").showModal();
  } else if (event.key === "/" && !typing) {
    event.preventDefault();
    if (query) { query.focus(); query.select?.(); } else location.href = "/";
  } else if (event.key === "ArrowDown" && event.target === query) {
    if (shots()[0]) { event.preventDefault(); shots()[0].focus(); }
  } else if (event.key.startsWith("Arrow") && !typing && event.target.tagName !== "VIDEO") {
    const from = document.activeElement?.closest?.(".shot");
    const next = findNext(from, event.key);
    if (next && (from || !document.getElementById("player"))) {
      event.preventDefault();
      next.focus();
      next.scrollIntoView({ block: "nearest", behavior: isCalm.matches ? "auto" : "smooth" });
    }
  } else if (event.key === " " && event.target.matches?.(".shot")) {
    event.preventDefault();
    preview(event.target);
  } else if (event.key === "Escape" && typing) {
    event.target.blur();
  }
});

let waiting = 0;
document.addEventListener("pointerover", (event) => {
  const shot = event.target.closest?.(".shot");
  clearTimeout(waiting);
  if (!shot || isCalm.matches || event.pointerType !== "mouse" || shown?.shot === shot) return;
  waiting = setTimeout(() => preview(shot), 600);
});
document.addEventListener("pointerout", (event) => {
  const shot = event.target.closest?.(".shot");
  if (shot && !shot.contains(event.relatedTarget)) {
    clearTimeout(waiting);
    if (shown?.shot === shot) preview(shot);
  }
});

// Some videos have no still: the music note stands in.
document.addEventListener("error", (event) => {
  if (event.target.matches?.(".chips img")) event.target.remove();
  if (!event.target.matches?.(".shot img")) return;
  const note = document.createElement("span");
  note.className = "nopicture";
  note.textContent = "♪";
  event.target.replaceWith(note);
}, true);

/** Leave what is empty out of an address that htmx asks for. */
export function dropEmpty(form, more) {
  form.addEventListener("htmx:configRequest", (event) => {
    const given = event.detail.parameters;
    for (const name of [...Object.keys(given)]) {
      if (given[name] === "" || more?.(name)) delete given[name];
    }
  });
}

// On a narrow screen the list of pages scrolls: the current one is in view.
const current = document.querySelector(".top nav [aria-current]");
if (current) current.parentElement.scrollLeft = current.offsetLeft - current.parentElement.offsetLeft - 40;
