// The list of sessions: each can be deleted.
import { send } from "../send.js";

const notice = document.getElementById("notice");

for (const button of document.querySelectorAll("[data-delete]")) {
  button.addEventListener("click", async () => {
    const name = new URLSearchParams({ name: button.dataset.delete });
    const told = await send(`/api/v1/sessions?${name}`, notice, undefined, "DELETE");
    if (told) button.closest("section").remove();
  });
}
