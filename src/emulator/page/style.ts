/** The page's stylesheet. */
export const pageCss = `:root {
  color-scheme: light dark;
  --ground: #fbfbfa; --panel: #ffffff; --line: #dcdcd8; --text: #1d1f22; --quiet: #62666d; --link: #0b57a4; --mark: #e8f0f9; --bad: #a3261b;
}
@media (prefers-color-scheme: dark) {
  :root { --ground: #16181b; --panel: #1e2125; --line: #383d44; --text: #e7e8ea; --quiet: #a0a6af; --link: #8abdf5; --mark: #23344a; --bad: #ff9a8f; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--text); font: 15px/1.5 system-ui, "DejaVu Sans", sans-serif; }
.frame { max-width: 1160px; margin: 0 auto; padding: 0 20px; }
header { background: var(--panel); border-bottom: 1px solid var(--line); }
header .frame { display: flex; flex-wrap: wrap; align-items: center; gap: 4px 28px; padding-top: 10px; padding-bottom: 10px; }
nav { display: flex; flex-wrap: wrap; gap: 4px 18px; }
nav a[aria-current] { color: var(--text); font-weight: 600; text-decoration: none; }
main.frame { padding-top: 20px; padding-bottom: 48px; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 4px; overflow-wrap: anywhere; }
h2 { font-size: 1.1rem; margin: 32px 0 8px; }
p { margin: 4px 0 12px; }
a { color: var(--link); }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; border-radius: 2px; }
.skip { position: absolute; left: -9999px; }
.skip:focus { left: 12px; top: 8px; background: var(--panel); padding: 6px 10px; z-index: 1; }
.narrow { display: none; }
.quiet { color: var(--quiet); font-weight: 400; }
.bad { color: var(--bad); font-weight: 600; }
.panel { background: var(--panel); border: 1px solid var(--line); border-radius: 6px; overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: 7px 12px; border-bottom: 1px solid var(--line); max-width: 26rem; overflow-wrap: break-word; }
thead th { white-space: nowrap; font-size: .85rem; color: var(--quiet); }
tbody tr:last-child > * { border-bottom: 0; }
tbody th { font-weight: 600; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
time { white-space: nowrap; }
code { overflow-wrap: anywhere; }
code, pre { font: 13px/1.45 ui-monospace, "DejaVu Sans Mono", monospace; }
pre { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; }
table.pairs th { width: 32%; }
ul.inline li { display: inline-block; margin-right: 16px; }
ul.plain { margin: 0; padding: 0; list-style: none; }
form { display: flex; flex-wrap: wrap; gap: 8px; margin: 12px 0; }
input, button { font: inherit; padding: 6px 10px; border: 1px solid var(--quiet); border-radius: 4px; background: var(--panel); color: var(--text); }
input { flex: 1 1 200px; max-width: 420px; min-width: 0; }
button { cursor: pointer; background: var(--mark); }
.pages { margin-top: 12px; align-items: baseline; }
svg.graph { display: block; margin: 0 auto; overflow: visible; }
svg.graph rect { fill: var(--mark); stroke: var(--link); rx: 6px; }
svg.graph a:focus-visible rect { stroke-width: 3px; }
svg.graph text { fill: var(--text); font-size: 13px; text-anchor: middle; }
svg.graph .name { font-weight: 600; }
svg.graph .label { font-size: 11px; fill: var(--quiet); stroke: var(--panel); stroke-width: 5px; paint-order: stroke; }
svg.graph .start { text-anchor: start; }
svg.graph path.edge { fill: none; stroke: var(--quiet); }
svg.graph path.required { stroke-width: 2.2px; }
svg.graph .head { fill: var(--quiet); }
@media (max-width: 640px) {
  .frame { padding-left: 12px; padding-right: 12px; }
  svg.graph { width: 640px; height: auto; }
  .narrow { display: inline; }
  table.cards, table.cards tbody, table.cards tr, table.cards td, table.cards th { display: block; }
  table.cards thead { position: absolute; left: -9999px; }
  table.cards tr { padding: 8px 0; border-bottom: 1px solid var(--line); }
  table.cards tbody tr:last-child { border-bottom: 0; }
  table.cards td, table.cards th, table.pairs th { border: 0; padding: 2px 12px; text-align: left; width: auto; max-width: none; overflow-wrap: anywhere; }
  table.cards td[data-label]::before { content: attr(data-label) " "; color: var(--quiet); font-size: .85rem; }
  table.cards td:empty { display: none; }
}
`;
