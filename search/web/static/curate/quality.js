// Quality: an evaluation is started, watched and stopped.
import "../keys.js";
import { send } from "../send.js";
import { watchJob } from "../jobs.js";

const byId = (id) => document.getElementById(id);
const form = byId("evaluate");
const start = form.querySelector("button.primary");
const shown = { bar: byId("bar"), state: byId("state"), cancel: byId("cancel"), name: "Measuring" };

function watch(id) {
  start.disabled = true;
  watchJob(id, shown, (job) => {
    start.disabled = false;
    if (job.state === "done") location.reload();
  });
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const body = { n_clips: Number(form.elements.clips.value) };
  const other = form.elements.other;
  if (other?.value) body.profiles = [other.dataset.profile, other.value];
  if (!form.elements.distorted.value) body.distortions = ["none"];
  const job = await send("/api/v1/jobs/evaluate", byId("notice"), body);
  if (job) watch(job.id);
});
if (form.dataset.job) watch(form.dataset.job);
