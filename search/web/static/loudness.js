// Plays songs equally loud by their ReplayGain. A song is never made louder than its peak allows;
// without a known peak it is only made quieter. Songs without ReplayGain are left as they are.

const PATIENCE_MS = 500;
const graphs = new WeakMap();
const wanted = new WeakMap();

/** By what to multiply the samples of a song. */
export function findFactor(gain, peak) {
  if (gain === "" || gain === undefined || gain === null) return 1;
  const factor = 10 ** (Number(gain) / 20);
  const most = Number(peak) > 0 ? Math.max(1 / Number(peak), 0) : 1;
  return Number.isFinite(factor) ? Math.min(factor, most) : 1;
}

/** Play what an element plays by this gain from now on, a decibel number or "" for none. */
export function level(media, gain, peak) {
  const isNew = !wanted.has(media);
  wanted.set(media, findFactor(gain, peak));
  media.dataset.factor = String(wanted.get(media));
  if (isNew) media.addEventListener("playing", () => apply(media));
  if (graphs.has(media)) apply(media);
}

async function apply(media) {
  if (!graphs.has(media)) {
    if (wanted.get(media) === 1) return;
    graphs.set(media, null);
    graphs.set(media, await connect(media));
  }
  const graph = graphs.get(media);
  if (graph) graph.gain.value = wanted.get(media);
}

/** Route an element through a gain; null where the browser does not let sound be changed. */
async function connect(media) {
  const context = new AudioContext();
  // A context that does not run would silence the element for good.
  await Promise.race([context.resume(), new Promise((done) => { setTimeout(done, PATIENCE_MS); })]);
  if (context.state !== "running") {
    context.close();
    return null;
  }
  const node = context.createGain();
  context.createMediaElementSource(media).connect(node).connect(context.destination);
  return node;
}
