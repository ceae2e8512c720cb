// A hall with pictures on both walls that one walks through.
import {
  AmbientLight, BoxGeometry, Color, Fog, Mesh, MeshBasicMaterial, MeshLambertMaterial, PerspectiveCamera,
  PlaneGeometry, PointLight, Raycaster, SRGBColorSpace, Scene, Texture, Vector2, Vector3, WebGLRenderer,
} from "./three.module.min.js";

// Metres.
const WIDTH = 7;
const HEIGHT = 4;
const EYE = 1.65;
const STEP = 3.1;
const VIEWING = 2.6;
const MAX_SIDE = 2;
const HANGING = 1.75;
const SPEED = 3.2;
// Radians a second, and of a drag across the whole canvas.
const TURN = 1.6;
const DRAG = 2.4;
// Further pictures are loaded when one comes near.
const NEAR = 24;
const GLIDE_SECONDS = 0.7;
const MAX_WORKS = 200;
const MOVES = {
  ArrowUp: [1, 0], w: [1, 0], ArrowDown: [-1, 0], s: [-1, 0],
  ArrowLeft: [0, 1], a: [0, 1], ArrowRight: [0, -1], d: [0, -1],
};

const lambert = (color) => new MeshLambertMaterial({ color });

/** Where the picture with a number hangs: left and right in turn, further and further in. */
function place(number) {
  const side = number % 2 ? 1 : -1;
  return { side, z: -STEP * (Math.floor(number / 2) + 1) };
}

function addRoom(scene, length) {
  const wall = lambert("#efe7da");
  const parts = [
    [new PlaneGeometry(WIDTH, length), lambert("#6b4a33"), [0, 0, -length / 2], [-Math.PI / 2, 0]],
    [new PlaneGeometry(WIDTH, length), lambert("#f7f3ec"), [0, HEIGHT, -length / 2], [Math.PI / 2, 0]],
    [new PlaneGeometry(length, HEIGHT), wall, [-WIDTH / 2, HEIGHT / 2, -length / 2], [0, Math.PI / 2]],
    [new PlaneGeometry(length, HEIGHT), wall, [WIDTH / 2, HEIGHT / 2, -length / 2], [0, -Math.PI / 2]],
    [new PlaneGeometry(WIDTH, HEIGHT), wall, [0, HEIGHT / 2, -length], [0, 0]],
    [new PlaneGeometry(WIDTH, HEIGHT), wall, [0, HEIGHT / 2, 0], [0, Math.PI]],
  ];
  const room = parts.map(([shape, material, position, [x, y]]) => {
    const part = new Mesh(shape, material);
    part.position.set(...position);
    part.rotation.set(x, y, 0);
    return part;
  });
  // Skirting boards show where the walls end.
  for (const side of [-1, 1]) {
    const board = new Mesh(new BoxGeometry(0.05, 0.16, length), lambert("#d8ccba"));
    board.position.set(side * (WIDTH / 2 - 0.03), 0.08, -length / 2);
    room.push(board);
  }
  scene.add(...room);
  return room;
}

export function openHall({ canvas, works, isCalm, onPick, onFace }) {
  const renderer = new WebGLRenderer({ canvas, antialias: true });
  const scene = new Scene();
  scene.background = new Color("#16130f");
  scene.fog = new Fog("#16130f", 14, 40);
  const camera = new PerspectiveCamera(68, 1, 0.05, 120);
  camera.rotation.order = "YXZ";
  camera.position.set(0, EYE, -0.8);
  const lamp = new PointLight("#fff2dc", 13, 30, 1.4);
  scene.add(new AmbientLight("#ffffff", 1.5), lamp);

  const hung = [];
  const held = new Set();
  let room = [];
  let length = 0;
  let glide = null;
  let facing = null;
  let isPaused = false;
  let isWaiting = false;
  let last = 0;

  function hang(work) {
    if (hung.length >= MAX_WORKS) return;
    const { side, z } = place(hung.length);
    const picture = new Mesh(new PlaneGeometry(1, 1), new MeshBasicMaterial({ color: "#8a8178", fog: true }));
    const frame = new Mesh(new BoxGeometry(1, 1, 0.06), lambert("#2b211a"));
    for (const one of [picture, frame]) {
      one.rotation.y = -side * Math.PI / 2;
      one.position.set(side * (WIDTH / 2 - (one === frame ? 0.03 : 0.07)), HANGING, z);
    }
    const piece = { work, picture, frame, side, z, isLoaded: false, number: hung.length };
    picture.userData.piece = piece;
    fit(piece, 1.6);
    hung.push(piece);
    scene.add(picture, frame);
    const needed = STEP * (Math.ceil(hung.length / 2) + 1.5);
    if (needed > length) {
      length = needed + 4 * STEP;
      scene.remove(...room);
      room = addRoom(scene, length);
    }
    ask();
  }

  function fit(piece, shape) {
    const width = shape >= 1 ? MAX_SIDE : MAX_SIDE * shape;
    const height = width / shape;
    piece.picture.scale.set(width, height, 1);
    piece.frame.scale.set(width + 0.16, height + 0.16, 1);
  }

  function load(piece) {
    piece.isLoaded = true;
    const image = new Image();
    image.addEventListener("load", () => {
      const texture = new Texture(image);
      texture.colorSpace = SRGBColorSpace;
      texture.anisotropy = 4;
      texture.needsUpdate = true;
      fit(piece, image.naturalWidth / Math.max(1, image.naturalHeight));
      piece.picture.material = new MeshBasicMaterial({ map: texture });
      ask();
    });
    image.addEventListener("error", () => { piece.picture.visible = piece.frame.visible = false; ask(); });
    image.src = piece.work.querySelector("img").src;
  }

  function resize() {
    const { clientWidth: width, clientHeight: height } = canvas;
    if (!width || !height) return;
    renderer.setPixelRatio(Math.min(devicePixelRatio, 2));
    renderer.setSize(width, height, false);
    camera.aspect = width / height;
    camera.updateProjectionMatrix();
    ask();
  }

  /** The picture in the middle of the view, or the nearest to it. */
  function findFacing() {
    const ahead = camera.getWorldDirection(new Vector3());
    let best = null;
    for (const piece of hung) {
      if (!piece.picture.visible) continue;
      const way = piece.picture.position.clone().sub(camera.position);
      const far = way.length();
      const off = way.angleTo(ahead);
      if (far < 9 && off < 0.6 && (!best || off + far / 40 < best.off)) best = { piece, off: off + far / 40 };
    }
    return best?.piece ?? null;
  }

  function draw(now) {
    isWaiting = false;
    if (isPaused) return;
    const seconds = Math.min(0.1, (now - last) / 1000);
    last = now;
    if (glide) follow(seconds);
    for (const key of held) {
      const [walk, turn] = MOVES[key];
      camera.rotation.y += turn * TURN * seconds;
      move(walk * SPEED * seconds);
    }
    lamp.position.set(0, HEIGHT - 0.6, camera.position.z - 2);
    for (const piece of hung) {
      if (!piece.isLoaded && Math.abs(piece.z - camera.position.z) < NEAR) load(piece);
    }
    renderer.render(scene, camera);
    canvas.setAttribute("aria-busy", glide ? "true" : "false");
    // On the way, the picture one goes to is the one that is faced, not those passed by.
    const found = glide ? facing : findFacing();
    if (found !== facing) {
      facing = found;
      onFace(found?.work);
    }
    if (held.size || glide) ask();
  }

  function ask() {
    if (isWaiting || isPaused) return;
    isWaiting = true;
    requestAnimationFrame((now) => { if (!held.size && !glide) last = now; draw(now); });
  }

  function move(metres) {
    const ahead = new Vector3(-Math.sin(camera.rotation.y), 0, -Math.cos(camera.rotation.y));
    camera.position.addScaledVector(ahead, metres);
    camera.position.x = Math.max(-WIDTH / 2 + 0.6, Math.min(WIDTH / 2 - 0.6, camera.position.x));
    camera.position.z = Math.max(-length + 0.6, Math.min(-0.4, camera.position.z));
  }

  function follow(seconds) {
    glide.done = isCalm.matches ? 1 : Math.min(1, glide.done + seconds / GLIDE_SECONDS);
    const share = glide.done * glide.done * (3 - 2 * glide.done);
    camera.position.lerpVectors(glide.from, glide.to, share);
    camera.rotation.y = glide.yaw + glide.turn * share;
    camera.rotation.x = glide.pitch * (1 - share);
    if (glide.done === 1) glide = null;
  }

  function go(number) {
    const piece = hung[(number + hung.length) % hung.length];
    if (!piece) return;
    const to = new Vector3(piece.side * (WIDTH / 2 - VIEWING), EYE, piece.z);
    const target = -piece.side * Math.PI / 2;
    const turn = Math.atan2(Math.sin(target - camera.rotation.y), Math.cos(target - camera.rotation.y));
    glide = {
      from: camera.position.clone(), to, yaw: camera.rotation.y, turn, pitch: camera.rotation.x, done: 0,
    };
    facing = piece;
    onFace(piece.work);
    canvas.setAttribute("aria-busy", "true");
    last = performance.now();
    ask();
  }

  function pick(event) {
    const box = canvas.getBoundingClientRect();
    const at = new Vector2(
      ((event.clientX - box.left) / box.width) * 2 - 1, 1 - ((event.clientY - box.top) / box.height) * 2);
    const ray = new Raycaster();
    ray.setFromCamera(at, camera);
    const [hit] = ray.intersectObjects(hung.map((piece) => piece.picture));
    if (!hit) return;
    go(hit.object.userData.piece.number);
    onPick(hit.object.userData.piece.work);
  }

  function step(way) {
    if (way === "play") { if (facing) onPick(facing.work); else go(0); return; }
    if (!facing) go(way === "next" ? 0 : hung.length - 1);
    else go(facing.number + (way === "next" ? 1 : -1));
  }

  let drag = null;
  canvas.addEventListener("pointerdown", (event) => {
    drag = { x: event.clientX, y: event.clientY, moved: 0 };
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!drag) return;
    const x = event.clientX - drag.x;
    const y = event.clientY - drag.y;
    drag = { x: event.clientX, y: event.clientY, moved: drag.moved + Math.abs(x) + Math.abs(y) };
    glide = null;
    camera.rotation.y += (x / canvas.clientWidth) * DRAG;
    camera.rotation.x = Math.max(-0.7, Math.min(0.7, camera.rotation.x + (y / canvas.clientHeight) * DRAG / 2));
    ask();
  });
  canvas.addEventListener("pointerup", (event) => {
    if (drag && drag.moved < 6) pick(event);
    drag = null;
  });
  canvas.addEventListener("pointercancel", () => { drag = null; });
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    glide = null;
    move(-event.deltaY / 200);
    ask();
  }, { passive: false });
  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key in MOVES) {
      event.preventDefault();
      event.stopPropagation();
      glide = null;
      if (!held.size) last = performance.now();
      held.add(event.key);
      ask();
    } else if (event.key === "n" || event.key === "p") step(event.key === "n" ? "next" : "previous");
    else if (event.key === "Enter") step("play");
  });
  canvas.addEventListener("keyup", (event) => held.delete(event.key));
  canvas.addEventListener("blur", () => held.clear());
  new ResizeObserver(resize).observe(canvas);

  works.slice(0, MAX_WORKS).forEach(hang);
  resize();
  return {
    hang(work) { hang(work); go(hung.length - 1); },
    step,
    pause() { isPaused = true; held.clear(); },
    resume() { isPaused = false; resize(); },
  };
}
