// Pieces beside each other: stored stills come at once, the frames of the very time after them.
import "./keys.js";

for (const picture of document.querySelectorAll("img[data-frame]")) {
  const exact = new Image();
  exact.addEventListener("load", () => { picture.src = exact.src; });
  exact.src = picture.dataset.frame;
}
