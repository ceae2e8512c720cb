"""The style sheet of the reports, for light, dark and print."""

STYLE = """
:root {
  color-scheme: light dark;
  --paper: #fbfaf8; --card: #ffffff; --ink: #22252a; --soft: #666c75; --line: #e4e2dd;
  --accent: #2f6fb0; --glow: #fff3d6;
  --frames: #3f7fbf; --lyrics: #d9962f; --audio: #3f9c82; --rest: #8a8478; --empty: #ecebe7;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14161a; --card: #1c1f25; --ink: #e6e7ea; --soft: #9aa1ab; --line: #2c3037;
    --accent: #7fb2e6; --glow: #3a3220;
    --frames: #6aa5dd; --lyrics: #e3ae57; --audio: #5fbda2; --rest: #7d8591; --empty: #2a2e35;
  }
}
* { box-sizing: border-box; }
html { scroll-behavior: smooth; scroll-padding-top: 1rem; }
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
body {
  margin: 0 auto; max-width: 70rem; padding: 2.5rem 1.25rem 4rem;
  background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", "Noto Sans", sans-serif;
}
h1 { font-size: 1.7rem; font-weight: 650; letter-spacing: -.01em; margin: 0;
  overflow-wrap: anywhere; }
h2 { font-size: 1.1rem; font-weight: 600; margin: 0; overflow-wrap: anywhere; }
a { color: inherit; text-decoration: none; }
a:hover { color: var(--accent); }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 3px; }
.lead { color: var(--soft); margin: .35rem 0 0; }
.skip { position: absolute; left: -99rem; }
.skip:focus { position: static; }
.legend { display: flex; flex-wrap: wrap; gap: .3rem 1.4rem; padding: 0; margin: 1rem 0 0;
  list-style: none; color: var(--soft); font-size: .87rem; }
.legend svg { width: .8rem; height: .8rem; margin-right: .45rem; vertical-align: -.06rem; }
.frames { fill: var(--frames); } .lyrics { fill: var(--lyrics); } .audio { fill: var(--audio); }
.rest { fill: var(--rest); }
figure { margin: 1.8rem 0 2.6rem; padding: 1.1rem; background: var(--card);
  border: 1px solid var(--line); border-radius: 12px; }
.wide { overflow-x: auto; }
/* Scaled down, names would be too small to read: narrow screens scroll. */
.map { display: block; margin: 0 auto; }
.names { margin: .9rem 0 0; } .names summary { cursor: pointer; color: var(--accent); }
.names ol { columns: 17rem; font-size: .85rem; padding-left: 3rem; overflow-wrap: anywhere; }
.map image { image-rendering: pixelated; }
.map text { fill: var(--soft); font-family: inherit; }
.map rect, .map path { fill: transparent; }
.map .row:hover rect, .map .row:focus-visible rect { fill: var(--accent); fill-opacity: .12; }
.map .row:hover text, .map .row:focus-visible text { fill: var(--ink); }
.map .cell:hover path { stroke: var(--ink); stroke-width: 1.5px;
  vector-effect: non-scaling-stroke; }
.scale { margin-top: .9rem; color: var(--soft); font-size: .85rem; text-align: center; }
.scale img { width: 7rem; height: .65rem; margin: 0 .5rem; vertical-align: -.03rem;
  border-radius: 3px; }
.song { background: var(--card); border: 1px solid var(--line); border-radius: 12px;
  padding: 0 1.1rem; margin: 0 0 1.1rem; content-visibility: auto;
  contain-intrinsic-size: auto 26rem; }
.song.folded { margin: 0 0 .4rem; content-visibility: visible; }
.song:has(:target) { border-color: var(--accent); }
.song summary { display: flex; align-items: baseline; gap: .1rem .7rem; padding: .9rem 0;
  cursor: pointer; list-style: none; }
.song summary::-webkit-details-marker { display: none; }
.song summary::after { content: "+"; color: var(--soft); width: 1rem; text-align: right; }
.song [open] > summary::after { content: "−"; }
.song summary h2 { flex: 1 1 0; min-width: 0; }
.song .near { flex: 0 1 22rem; min-width: 0; color: var(--soft); font-size: .87rem;
  overflow: hidden; text-overflow: ellipsis; white-space: nowrap; text-align: right; }
.song .list { padding-bottom: 1.1rem; scroll-margin-top: 4rem; }
.folded summary { padding: .55rem 0; } .folded summary h2 { font-size: 1rem; font-weight: 550; }
@media (max-width: 40rem) {
  .folded summary { flex-wrap: wrap; } .folded summary h2 { flex: 1 1 calc(100% - 8rem); }
  .song .near { flex: 1 1 calc(100% - 8rem); text-align: left; }
}
.number, .time { color: var(--soft); font-variant-numeric: tabular-nums; font-size: .87rem;
  white-space: nowrap; }
.similar { display: grid; grid-template-columns: repeat(auto-fill, minmax(11.2rem, 1fr));
  gap: 1rem; margin: 0; padding: 0; list-style: none; }
.similar li { min-width: 0; border-radius: 8px; }
.similar li:target { background: var(--glow); box-shadow: 0 0 0 .45rem var(--glow); }
.shot { position: relative; display: block; aspect-ratio: 16 / 9; overflow: hidden;
  border-radius: 8px; background: var(--empty); }
.shot .time { position: absolute; right: .35rem; bottom: .35rem; padding: 0 .4rem;
  border-radius: 4px; background: rgb(0 0 0 / .66); color: #fff; font-size: .78rem; }
.title { display: flex; gap: .5rem; margin: .45rem 0 0; }
.artist { margin: 0 0 .3rem; color: var(--soft); font-size: .85rem; }
.title a { flex: 1; min-width: 0; font-weight: 550; line-height: 1.3; }
.title a, .artist { overflow-wrap: anywhere; overflow: hidden; display: -webkit-box;
  -webkit-box-orient: vertical; -webkit-line-clamp: 2; }
.title span { font-variant-numeric: tabular-nums; color: var(--soft); }
.bar { display: block; width: 100%; height: .45rem; border-radius: 3px; background: var(--empty); }
.bar rect { height: 6px; }
.where { margin: .4rem 0 0; padding: 0; list-style: none; color: var(--soft); font-size: .82rem;
  line-height: 1.4; overflow-wrap: anywhere; }
.none { color: var(--soft); margin: 0; }
footer { color: var(--soft); font-size: .85rem; margin-top: 2rem; }
@media print {
  :root { --paper: #fff; --card: #fff; --ink: #000; --soft: #444; --line: #bbb;
    --empty: #ecebe7; --rest: #8a8478; }
  body { max-width: none; padding: 0; font-size: 10pt; }
  .song { content-visibility: visible; border-width: 1px 0 0; border-radius: 0; padding: .8rem 0; }
  .similar { grid-template-columns: repeat(5, 1fr); gap: .6rem; }
  .wide { overflow: visible; } .map { max-width: 100%; height: auto; }
  .similar li, figure, .song summary { break-inside: avoid; }
  .song summary { break-after: avoid; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
"""
