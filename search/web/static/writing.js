// Writing a query of parts: buttons that put parts at the cursor, and the names of added media.

const form = document.getElementById("search");
const buttons = document.getElementById("writing");
const field = form.elements.q;
const NAMES = { image: "image", clip: "clip", audio: "sound" };

const isQuery = () => form.elements.mode.value === "query";

/** Put a text at the cursor, which then stands between its quotation marks, if it has any. */
function insert(text) {
  const at = field.selectionStart ?? field.value.length;
  const empty = text.indexOf('""');
  field.setRangeText(text, at, field.selectionEnd ?? at, "end");
  if (empty >= 0) field.setSelectionRange(at + empty + 1, at + empty + 1);
  field.focus();
}

/** Name media that were added, so that they count. */
export function nameFile(kind, name) {
  if (!isQuery() || !name) return;
  const quoted = JSON.stringify(name);
  if (field.value.includes(quoted)) return;
  field.setSelectionRange(field.value.length, field.value.length);
  insert(`${field.value.trim() ? " while " : ""}${NAMES[kind]}(${quoted})`);
}

form.elements.mode.addEventListener("change", () => {
  buttons.hidden = !isQuery();
  field.placeholder = isQuery() ? "A query of parts" : "A scene, a mood, a sung line…";
});
buttons.addEventListener("click", (event) => {
  const text = event.target.closest("[data-insert]")?.dataset.insert;
  if (text) insert(text);
});
