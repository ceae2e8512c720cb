// The map: videos on a plane to wander over; a lasso around some becomes a filter.
import "../keys.js";
import { send } from "../send.js";
import { fit, paintMoods, tellLikeness, tellMoods } from "./moods.js";

const byId = (id) => document.getElementById(id);
const map = byId("map");
const plane = byId("plane");
const brush = plane.getContext("2d");
const notice = byId("notice");
const here = byId("here");
const wanted = byId("title");
const by = map.dataset.by;
const places = JSON.parse(map.dataset.places);
const MARGIN = 54;
const MAX_ZOOM = 60;
// So few videos in view are shown as pictures.
const MAX_PICTURES = 40;
const PICTURE = { width: innerWidth < 640 ? 64 : 96, height: innerWidth < 640 ? 36 : 54 };
const MAX_CORNERS = 60;
const MAX_LISTED = 60;

let points = [];
let chosen = new Set();
let region = null;
let focused = null;
let view = { x: 0.5, y: 0.5, zoom: 1 };
let drawing = null;
let isAsked = false;
const pictures = new Map();

const width = () => plane.clientWidth;
const height = () => plane.clientHeight;
const toScreen = (x, y) => [
  width() / 2 + (x - view.x) * (width() - 2 * MARGIN) * view.zoom,
  height() / 2 + (y - view.y) * (height() - 2 * MARGIN) * view.zoom,
];
const toPlane = (x, y) => [
  view.x + (x - width() / 2) / ((width() - 2 * MARGIN) * view.zoom),
  view.y + (y - height() / 2) / ((height() - 2 * MARGIN) * view.zoom),
];
const name = (point) => (point.artist ? `${point.artist} – ${point.title}` : point.title);

/** Whether a point is in a polygon, by the even-odd rule, as the server does it. */
function isInside(point, corners) {
  let inside = false;
  corners.forEach(([x0, y0], at) => {
    const [x1, y1] = corners[(at + 1) % corners.length];
    if ((y0 > point.y) !== (y1 > point.y)
      && point.x < x0 + (point.y - y0) * (x1 - x0) / (y1 - y0)) inside = !inside;
  });
  return inside;
}

function picture(point) {
  if (!pictures.has(point.id)) {
    const image = new Image();
    image.addEventListener("load", draw);
    image.src = `/api/v1/videos/${point.id}/thumbnail?t=30`;
    pictures.set(point.id, image);
  }
  const found = pictures.get(point.id);
  return found.complete && found.naturalWidth ? found : null;
}

function draw() {
  if (isAsked) return;
  isAsked = true;
  requestAnimationFrame(() => {
    isAsked = false;
    paint();
  });
}

function paint() {
  const ratio = devicePixelRatio || 1;
  plane.width = Math.round(width() * ratio);
  plane.height = Math.round(height() * ratio);
  brush.setTransform(ratio, 0, 0, ratio, 0, 0);
  const style = getComputedStyle(document.documentElement);
  const colour = (one) => style.getPropertyValue(`--${one}`);
  const seen = points.map((point) => [point, ...toScreen(point.x, point.y)])
    .filter(([, x, y]) => x > -60 && y > -40 && x < width() + 60 && y < height() + 40);
  const word = wanted.value.trim().toLowerCase();
  const asPictures = seen.length <= MAX_PICTURES;
  if (by === "mood") paintMoods(brush, places, toScreen, colour);
  for (const [point, x, y] of seen) {
    const isMeant = word && name(point).toLowerCase().includes(word);
    const isFaint = (word && !isMeant) || (region && !chosen.has(point.id));
    brush.globalAlpha = isFaint ? 0.25 : 1;
    const image = asPictures ? picture(point) : null;
    brush.fillStyle = brush.strokeStyle = isMeant || chosen.has(point.id) ? colour("accent") : colour(by);
    brush.lineWidth = point === focused ? 4 : 2;
    if (image) {
      const [left, top] = [x - PICTURE.width / 2, y - PICTURE.height / 2];
      brush.drawImage(image, left, top, PICTURE.width, PICTURE.height);
      brush.strokeRect(left, top, PICTURE.width, PICTURE.height);
    } else {
      brush.beginPath();
      brush.arc(x, y, point === focused ? 9 : isMeant ? 8 : 5.5, 0, 7);
      brush.fill();
    }
    if (point === focused) {
      brush.globalAlpha = 1;
      brush.strokeStyle = colour("ink");
      brush.beginPath();
      if (image) brush.rect(x - PICTURE.width / 2 - 3, y - PICTURE.height / 2 - 3, PICTURE.width + 6, PICTURE.height + 6);
      else brush.arc(x, y, 12, 0, 7);
      brush.stroke();
    }
  }
  brush.globalAlpha = 1;
  const corners = drawing?.corners ?? region;
  if (corners?.length) {
    brush.beginPath();
    corners.forEach(([x, y], at) => brush[at ? "lineTo" : "moveTo"](...toScreen(x, y)));
    if (!drawing) brush.closePath();
    brush.strokeStyle = colour("accent");
    brush.lineWidth = 2;
    brush.setLineDash([6, 4]);
    brush.stroke();
    brush.setLineDash([]);
  }
}

function focusOn(point) {
  focused = point;
  here.textContent = point ? name(point) : "";
  draw();
}

function choose(corners) {
  region = corners;
  chosen = new Set(corners ? points.filter((point) => isInside(point, corners)).map((one) => one.id) : []);
  const some = points.filter((point) => chosen.has(point.id));
  byId("chosen").hidden = !region;
  byId("count").textContent = `${some.length} ${some.length === 1 ? "video" : "videos"} chosen`;
  byId("listed").replaceChildren(...some.slice(0, MAX_LISTED).map((point) => {
    const item = document.createElement("li");
    const link = document.createElement("a");
    link.href = `/video/${point.id}`;
    link.textContent = name(point);
    link.dir = "auto";
    item.append(link);
    return item;
  }));
  const written = corners && `${by}:${corners.map((one) => one.join(",")).join(";")}`;
  for (const [id, path] of [["search", "/"], ["browse", "/browse"]]) {
    byId(id).href = written ? `${path}?${new URLSearchParams({ region: written })}` : path;
    byId(id).hidden = !some.length;
  }
  byId("tv").hidden = !some.length;
  if (some.length) byId("tv").href = `/tv?start=${some[0].id}${by === "mood" ? "" : `&by=${by}`}`;
  const address = new URL(location.href);
  address.search = new URLSearchParams({ by, ...(written ? { region: written } : {}) });
  history.replaceState(null, "", address);
  draw();
}

/** Fewer corners, each with four digits, as the address holds them. */
function simplify(corners) {
  const step = Math.max(1, Math.ceil(corners.length / MAX_CORNERS));
  return corners.filter((_, at) => at % step === 0)
    .map((corner) => corner.map((one) => Number(Math.max(-1, Math.min(2, one)).toFixed(4))));
}

function zoomBy(factor, x = width() / 2, y = height() / 2) {
  const [before] = [toPlane(x, y)];
  view.zoom = Math.max(1, Math.min(MAX_ZOOM, view.zoom * factor));
  const after = toPlane(x, y);
  view.x += before[0] - after[0];
  view.y += before[1] - after[1];
  if (view.zoom === 1) view = { x: 0.5, y: 0.5, zoom: 1 };
  draw();
}

function nearest(x, y, within) {
  let best = null;
  for (const point of points) {
    const [px, py] = toScreen(point.x, point.y);
    const far = Math.hypot(px - x, py - y);
    if (far <= within && (!best || far < best.far)) best = { point, far };
  }
  return best?.point ?? null;
}

/** The nearest video in a direction from the one in focus. */
function goTowards(right, down) {
  if (!focused) { focusOn(nearest(width() / 2, height() / 2, Infinity)); return; }
  const [x, y] = toScreen(focused.x, focused.y);
  let best = null;
  for (const point of points) {
    const [px, py] = toScreen(point.x, point.y);
    const along = (px - x) * right + (py - y) * down;
    const across = Math.abs((px - x) * down) + Math.abs((py - y) * right);
    if (along <= 0.5 || across > 2 * along) continue;
    const far = along + 2 * across;
    if (!best || far < best.far) best = { point, far };
  }
  if (!best) return;
  focusOn(best.point);
  const [px, py] = toScreen(best.point.x, best.point.y);
  if (px < 0 || py < 0 || px > width() || py > height()) Object.assign(view, { x: best.point.x, y: best.point.y });
}

const at = (event) => {
  const box = plane.getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top];
};
const touches = new Map();
let drag = null;

plane.addEventListener("pointerdown", (event) => {
  plane.setPointerCapture(event.pointerId);
  touches.set(event.pointerId, at(event));
  if (byId("lasso").getAttribute("aria-pressed") === "true" || event.shiftKey) {
    drawing = { corners: [toPlane(...at(event))] };
  } else drag = { from: at(event), moved: 0 };
});
plane.addEventListener("pointermove", (event) => {
  const [x, y] = at(event);
  if (drawing) {
    drawing.corners.push(toPlane(x, y));
    draw();
  } else if (touches.size === 2 && touches.has(event.pointerId)) {
    const [other] = [...touches].filter(([id]) => id !== event.pointerId).map(([, place]) => place);
    const [ox, oy] = touches.get(event.pointerId);
    const before = Math.hypot(ox - other[0], oy - other[1]);
    zoomBy(Math.hypot(x - other[0], y - other[1]) / Math.max(1, before), (x + other[0]) / 2, (y + other[1]) / 2);
    touches.set(event.pointerId, [x, y]);
  } else if (drag) {
    const [from, to] = [toPlane(...drag.from), toPlane(x, y)];
    drag = { from: [x, y], moved: drag.moved + Math.hypot(x - drag.from[0], y - drag.from[1]) };
    view.x += from[0] - to[0];
    view.y += from[1] - to[1];
    draw();
  } else focusOn(nearest(x, y, 16));
});
plane.addEventListener("pointerup", (event) => {
  touches.delete(event.pointerId);
  if (drawing) {
    const corners = simplify(drawing.corners);
    drawing = null;
    setLasso(false);
    if (corners.length >= 3) choose(corners);
    draw();
  } else if (drag && drag.moved < 5) {
    const point = nearest(...at(event), 40);
    if (point) location.href = `/video/${point.id}`;
  }
  drag = null;
});
plane.addEventListener("pointercancel", (event) => { touches.delete(event.pointerId); drag = drawing = null; });
plane.addEventListener("wheel", (event) => {
  event.preventDefault();
  zoomBy(Math.exp(-event.deltaY / 400), ...at(event));
}, { passive: false });
plane.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  if (event.key in ways) goTowards(...ways[event.key]);
  else if (event.key === "Enter" && focused) location.href = `/video/${focused.id}`;
  else if (event.key === "+" || event.key === "=") zoomBy(1.5, ...(focused ? toScreen(focused.x, focused.y) : []));
  else if (event.key === "-") zoomBy(1 / 1.5);
  else if (event.key === "0") zoomBy(0);
  else if (event.key === "Escape") choose(null);
  else return;
  event.preventDefault();
  event.stopPropagation();
});

function setLasso(isOn) {
  byId("lasso").setAttribute("aria-pressed", String(isOn));
  plane.classList.toggle("drawing", isOn);
}

byId("lasso").addEventListener("click", () => setLasso(byId("lasso").getAttribute("aria-pressed") !== "true"));
byId("view").addEventListener("click", () => {
  const [left, top] = toPlane(0, 0);
  const [right, bottom] = toPlane(width(), height());
  choose(simplify([[left, top], [right, top], [right, bottom], [left, bottom]]));
});
byId("in").addEventListener("click", () => zoomBy(1.5));
byId("out").addEventListener("click", () => zoomBy(1 / 1.5));
byId("all").addEventListener("click", () => zoomBy(0));
byId("clear").addEventListener("click", () => choose(null));
wanted.addEventListener("input", draw);
wanted.addEventListener("keydown", (event) => { if (event.key === "Enter") event.preventDefault(); });
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
new ResizeObserver(draw).observe(plane);

const told = await send(`/api/v1/map?by=${by}`, notice, undefined, "GET");
if (told) {
  points = told.points;
  const without = told.left_out ? ` ${told.left_out} more cannot be compared by this.` : "";
  byId("about").textContent = (by === "mood" ? tellMoods : tellLikeness)(told) + without;
  if (by === "mood") view = fit(points, MAX_ZOOM);
  const [asked, corners] = map.dataset.region.split(":");
  if (asked === by && corners) choose(corners.split(";").map((one) => one.split(",").map(Number)));
}
map.dataset.ready = "";
draw();
