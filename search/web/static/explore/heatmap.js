// The heat map: all songs are compared by a job, whose report is then opened.
import "../keys.js";
import { watchJob } from "../jobs.js";
import { send } from "../send.js";

const byId = (id) => document.getElementById(id);
const form = byId("compare");
const shown = { bar: byId("bar"), state: byId("state"), cancel: byId("cancel"), name: "Comparing" };

function watch(id) {
  form.querySelector(".primary").disabled = true;
  watchJob(id, shown, (job) => {
    form.querySelector(".primary").disabled = false;
    if (job.state === "done") location.href = `/heatmap/${job.id}`;
  });
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const by = form.elements.by.value;
  const body = { form: "html", top: 5, ...(by ? { weights: { [by]: 1 } } : {}) };
  const job = await send("/api/v1/jobs/similar-report", byId("notice"), body);
  if (job) watch(job.id);
});
if (form.dataset.job) watch(form.dataset.job);
