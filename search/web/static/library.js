// The page of the library: an index run, watched by server-sent events.
import { findShare, followJob, isRunning } from "./jobs.js";
import "./keys.js";
import { send } from "./send.js";

const form = document.getElementById("index");
const box = document.getElementById("job");
const state = document.getElementById("job-state");
const stages = document.getElementById("job-stages");
const lines = document.getElementById("job-lines");
const cancel = document.getElementById("cancel");
const pause = document.getElementById("pause");
const resume = document.getElementById("resume");
const notice = document.getElementById("notice");
const STATES = {
  queued: "Waiting…", running: "Indexing…", done: "Done", cancelled: "Stopped", failed: "Failed", interrupted: "Interrupted",
};

function describe(job) {
  const told = job.result;
  if (job.is_paused) return isRunning(job) ? "Pausing…" : "Paused: what is done is kept";
  if (job.problem) return `${STATES[job.state]}: ${job.problem.detail}`;
  if (!told) return STATES[job.state];
  const counts = ["indexed", "unchanged", "removed", "failed", "transcribed"]
    .filter((name) => told[name])
    .map((name) => `${told[name]} ${name}`);
  return `${STATES[job.state]}: ${counts.join(", ") || "nothing to do"}`;
}

function show(job) {
  box.hidden = false;
  state.textContent = describe(job);
  stages.replaceChildren(...job.stages.map((one) => {
    const row = document.createElement("label");
    const bar = document.createElement("progress");
    bar.max = 1;
    bar.value = findShare(one) ?? 1;
    row.append(`${one.stage} ${one.done} of ${one.total} ${one.unit}`, bar);
    return row;
  }));
  lines.replaceChildren(...job.lines.slice(-5).map((text) => {
    const item = document.createElement("li");
    item.textContent = text;
    return item;
  }));
  const goesOn = isRunning(job);
  const canResume = job.is_paused || job.state === "interrupted";
  if (cancel) {
    cancel.hidden = !goesOn && !job.is_paused;
    pause.hidden = !goesOn || job.is_paused || job.kind !== "index";
    resume.hidden = goesOn || !canResume;
  }
  if (form) form.querySelector("button").disabled = goesOn;
}

function watch(id) {
  box.dataset.job = id;
  followJob(id, show);
}

function follow(job) {
  if (!job) return;
  show(job);
  watch(job.id);
}

async function index(asked) {
  follow(await send("/api/v1/jobs/index", notice, asked));
  box.scrollIntoView({ block: "nearest" });
}

form?.addEventListener("submit", (event) => {
  event.preventDefault();
  index({
    paths: [form.elements.path.value],
    lyrics: form.elements.lyrics.value,
    retry_failed: form.elements.retry_failed.checked,
  });
});

document.addEventListener("click", (event) => {
  const { retry } = event.target.dataset;
  if (retry !== undefined) index({ paths: [retry], retry_failed: true });
});
document.getElementById("retry")?.addEventListener("click", () => {
  const folders = [...document.querySelectorAll(".folders code")].map((one) => one.textContent);
  index({ paths: folders.slice(0, 32), retry_failed: true });
});

const act = (way, method) => send(`/api/v1/jobs/${box.dataset.job}${way}`, notice, undefined, method);

pause?.addEventListener("click", async () => {
  const job = await act("/pause");
  if (job) show(job);
});
resume?.addEventListener("click", async () => follow(await act("/resume")));
cancel?.addEventListener("click", async () => {
  const job = await act("", "DELETE");
  if (job) show(job);
});

if (box.dataset.job) watch(box.dataset.job);
