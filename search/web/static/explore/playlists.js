// The page of playlists.
import "../keys.js";
import { send } from "../send.js";

const notice = document.getElementById("notice");

document.addEventListener("click", async (event) => {
  const name = event.target.dataset?.delete;
  if (name === undefined) return;
  const address = `/api/v1/playlists?name=${encodeURIComponent(name)}`;
  if (await send(address, notice, undefined, "DELETE")) event.target.closest("section").remove();
});
