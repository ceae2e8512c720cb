// Jobs, watched by server-sent events.

/** Whether the end of a job is to come; a queued one waits for the server that does jobs. */
export function isRunning(job) {
  return job.state === "running" || job.state === "queued";
}

/** Call `onState` with each state of a job, until it has ended. */
export function followJob(id, onState) {
  const source = new EventSource(`/api/v1/jobs/${id}/events`);
  source.addEventListener("job", (event) => {
    const job = JSON.parse(event.data);
    if (!isRunning(job)) source.close();
    onState(job);
  });
}

/** The share of a stage that is done; null where nobody knows. */
export function findShare(stage) {
  return stage.share ?? (stage.total ? stage.done / stage.total : null);
}

/** Show the progress of a job in a bar, and call `onEnd` with its last state. */
export function watchJob(id, { bar, state, cancel, name }, onEnd) {
  bar.hidden = false;
  if (cancel) {
    cancel.hidden = false;
    cancel.onclick = () => fetch(`/api/v1/jobs/${id}`, { method: "DELETE" });
  }
  followJob(id, (job) => {
    const stage = job.stages.at(-1);
    const share = stage ? findShare(stage) : null;
    if (share === null) bar.removeAttribute("value");
    else bar.value = share;
    state.textContent = stage ? `${name}: ${stage.stage} ${stage.done} of ${stage.total} ${stage.unit}` : `${name}…`;
    if (isRunning(job)) return;
    bar.hidden = true;
    if (cancel) cancel.hidden = true;
    state.textContent = job.problem && job.state !== "cancelled" ? job.problem.detail : { done: "", cancelled: "Stopped." }[job.state] ?? "Failed.";
    onEnd(job);
  });
}
