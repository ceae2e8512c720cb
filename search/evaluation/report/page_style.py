"""The styles that the evaluation page adds to the report style sheet."""

PAGE_STYLE = """
:root { --fusion-0: #22252a; --fusion-1: #8a5fbf; --fusion-2: #c2557a; --fusion-3: #7a7f3a; }
@media (prefers-color-scheme: dark) {
  :root { --fusion-0: #f2f2f4; --fusion-1: #b896e6; --fusion-2: #e68aa9; --fusion-3: #b9bf6a; }
}
.fusion-0 { fill: var(--fusion-0); stroke: var(--fusion-0); }
.fusion-1 { fill: var(--fusion-1); stroke: var(--fusion-1); }
.fusion-2 { fill: var(--fusion-2); stroke: var(--fusion-2); }
.fusion-3 { fill: var(--fusion-3); stroke: var(--fusion-3); }
.frames { stroke: var(--frames); } .lyrics { stroke: var(--lyrics); }
.audio { stroke: var(--audio); }
body { max-width: 78rem; }
.part { font-size: 1.35rem; margin: 3.5rem 0 0; padding-top: 1.2rem;
  border-top: 2px solid var(--line); }
section { margin: 2.4rem 0 0; }
section > p { color: var(--soft); margin: .3rem 0 0; }
section figure { margin: 1rem 0 0; }
figure h3 { margin: 0; font-size: 1rem; font-weight: 600; }
figcaption { color: var(--soft); font-size: .87rem; margin: .15rem 0 .6rem; }
.plot { display: block; width: 100%; min-width: 52rem; height: auto; }
.plot text { fill: var(--soft); stroke: none; font-family: inherit; font-size: 12px;
  font-variant-numeric: tabular-nums; }
.plot .label { fill: var(--ink); font-size: 12.5px; }
.plot .strong { font-weight: 600; }
.plot .grid { stroke: var(--line); stroke-width: 1; }
.plot .band { fill: var(--empty); opacity: .45; stroke: none; }
.plot .chance { stroke: var(--soft); stroke-width: 1.5; stroke-dasharray: 3 3; fill: none; }
.plot .span { stroke-width: 1.6; stroke-opacity: .6; }
.plot .curve { fill: none; stroke-width: 1.8; stroke-linejoin: round; }
.plot .dot { stroke: none; }
.plot .column { fill: var(--accent); }
.legend path, .legend line { stroke-width: 1.6; }
.legend .chance { stroke: var(--soft); stroke-dasharray: 3 2; }
.scroll { overflow-x: auto; margin: 1rem 0 0; background: var(--card);
  border: 1px solid var(--line); border-radius: 12px; padding: .5rem .9rem; }
table { border-collapse: collapse; width: 100%; font-size: .87rem;
  font-variant-numeric: tabular-nums; }
th { color: var(--soft); font-weight: 500; text-align: right; vertical-align: bottom;
  padding: .4rem .5rem; }
td { text-align: right; vertical-align: top; padding: .3rem .5rem; white-space: nowrap;
  border-top: 1px solid var(--line); }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
td:first-child { white-space: normal; min-width: 11rem; overflow-wrap: anywhere; }
td small { display: block; color: var(--soft); font-size: .78rem; }
tr.summary td { font-weight: 600; } tr.summary small { font-weight: 400; }
tr.chance td { color: var(--soft); border-top-style: dashed; }
tbody.group th { text-align: left; color: var(--ink); font-weight: 600; padding-top: .9rem; }
details { margin: 1rem 0 0; } summary { cursor: pointer; color: var(--accent); }
.notes { color: var(--soft); font-size: .87rem; padding-left: 1.1rem; overflow-wrap: anywhere; }
@media print { .scroll { overflow: visible; } .plot { min-width: 0; }
  figure { break-inside: avoid; } }
"""
