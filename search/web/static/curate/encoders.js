// Encoders: one is added, put to use or dropped.
import "../keys.js";
import { send } from "../send.js";
import { watchJob } from "../jobs.js";

const byId = (id) => document.getElementById(id);
const notice = byId("notice");
const form = byId("add");
const buttons = [...document.querySelectorAll("[data-switch], [data-drop]"), form?.querySelector("button.primary")].filter(Boolean);
const idle = buttons.filter((button) => !button.disabled);

function watch(id) {
  for (const button of buttons) button.disabled = true;
  const shown = { bar: byId("bar"), state: byId("state"), cancel: byId("cancel"), name: "Encoding" };
  watchJob(id, shown, (job) => {
    for (const button of idle) button.disabled = false;
    if (job.state === "done") location.reload();
  });
}

async function begin(kind, name) {
  const job = await send(`/api/v1/jobs/${kind}`, notice, { name });
  if (job) watch(job.id);
}

form?.addEventListener("submit", (event) => {
  event.preventDefault();
  begin("add-encoder", form.elements.name.value.trim());
});
for (const button of document.querySelectorAll("[data-switch]")) {
  button.addEventListener("click", () => begin("switch-encoder", button.dataset.switch));
}
for (const button of document.querySelectorAll("[data-drop]")) {
  button.addEventListener("click", async () => {
    if (!confirm(`Delete all that ${button.dataset.drop} has made?`)) return;
    const told = await send(`/api/v1/encoders/${encodeURIComponent(button.dataset.drop)}`, notice, undefined, "DELETE");
    if (told) location.reload();
  });
}
if (form?.dataset.job) watch(form.dataset.job);
