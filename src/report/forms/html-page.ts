/** What the report's page has beside the style of every page. */
export const reportCss = `
main.frame { padding-top: 24px; padding-bottom: 48px; }
h1.verdict { padding: 12px 16px; border-left: 5px solid currentColor; border-radius: 6px; font-weight: 600; }
h1.good { background: var(--wash-good); } h1.bad { background: var(--wash-bad); } h1.warn { background: var(--wash-warn); }
.flow, .rate { padding: 14px 16px; }
ul.words { margin: 0; padding: 10px 12px 10px 28px; }
.trace { fill: none; stroke: var(--updated); stroke-width: 1.6; }
.key.line { background: var(--updated); height: .25em; vertical-align: middle; }
.wait, .key.wait { fill: var(--rejected); fill-opacity: .22; background: var(--rejected); }
td.bars { min-width: 180px; vertical-align: middle; }
.tools { display: flex; flex-wrap: wrap; align-items: center; gap: 8px; margin: 0 0 10px; }
ol.causes { list-style: none; margin: 0; padding: 0; display: grid; gap: 12px; }
.cause { padding: 12px 16px; break-inside: avoid; }
.cause .top { display: flex; gap: 16px; align-items: baseline; }
.cause .count { font-size: 1.25rem; font-variant-numeric: tabular-nums; flex: none; min-width: 3.5rem; text-align: right; }
.cause table { width: auto; min-width: 50%; }
.cause p { margin: 2px 0 8px; overflow-wrap: anywhere; }
.cause svg.bar { height: 8px; margin: 4px 0 6px; }
.cause td, .cause th { padding: 3px 12px 3px 0; }
.fix { margin-top: 8px; }
.where { font-weight: 400; overflow-wrap: anywhere; }
.chip { display: inline-block; background: var(--mark); border-radius: 4px; padding: 1px 6px; margin: 1px 0; }
svg.bar { height: 14px; }
@media (max-width: 640px) { .rate svg.chart { min-width: 640px; } .cause .top { flex-direction: column; gap: 0; } .cause table { width: 100%; } td.bars { min-width: 0; } .cause .count { min-width: 0; text-align: left; } .cause { padding: 10px 12px; } .cause table.cards td { padding: 1px 0; } }
`;

/** Filters and sorts the causes. Plain, small, and all that runs in the page. */
export const causeScript = `
const list = document.getElementById("cause-list"), filter = document.getElementById("filter"), order = document.getElementById("order"), shown = document.getElementById("shown");
const causes = [...list.children];
const update = () => {
  const wanted = filter.value.trim().toLowerCase();
  let count = 0;
  for (const cause of causes) {
    cause.hidden = wanted !== "" && !cause.textContent.toLowerCase().includes(wanted);
    if (!cause.hidden) count++;
  }
  shown.textContent = wanted === "" ? "" : count + " of " + causes.length + (causes.length === 1 ? " cause" : " causes");
};
filter.addEventListener("input", update);
order.addEventListener("change", () => {
  const by = { count: (a, b) => b.dataset.count - a.dataset.count, code: (a, b) => a.dataset.code.localeCompare(b.dataset.code), place: (a, b) => a.dataset.place.localeCompare(b.dataset.place) }[order.value];
  list.append(...causes.sort(by));
});
`;
