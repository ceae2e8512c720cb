// A job that is watched by server-sent events.

/** Show the progress of a job in a bar, and call `onEnd` with its last state. */
export function watchJob(id, { bar, state, cancel, name }, onEnd) {
  const source = new EventSource(`/api/v1/jobs/${id}/events`);
  bar.hidden = false;
  if (cancel) {
    cancel.hidden = false;
    cancel.onclick = () => fetch(`/api/v1/jobs/${id}`, { method: "DELETE" });
  }
  source.addEventListener("job", (event) => {
    const job = JSON.parse(event.data);
    const stage = job.stages.at(-1);
    const share = stage ? stage.share ?? (stage.total ? stage.done / stage.total : null) : null;
    if (share === null) bar.removeAttribute("value");
    else bar.value = share;
    state.textContent = stage ? `${name}: ${stage.stage} ${stage.done} of ${stage.total} ${stage.unit}` : `${name}…`;
    if (job.state === "running") return;
    source.close();
    bar.hidden = true;
    if (cancel) cancel.hidden = true;
    state.textContent = job.problem && job.state !== "cancelled" ? job.problem.detail : { done: "", cancelled: "Stopped." }[job.state] ?? "Failed.";
    onEnd(job);
  });
}
