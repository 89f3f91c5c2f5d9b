import { createHash } from "node:crypto";

/** Text that is HTML already. */
export class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** What a template takes: text and numbers are escaped, HTML stays, lists are joined, nothing is left out. */
export type Part = string | number | Html | null | undefined | false | readonly Part[];

/** Makes HTML of a template; whatever is put in is escaped unless it is HTML itself. Every attribute must be in quotes. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return new Html(strings.reduce((text, next, index) => text + textOf(parts[index - 1]) + next));
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function textOf(part: Part): string {
  if (part === null || part === undefined || part === false) return "";
  if (part instanceof Html) return part.text;
  if (typeof part === "object") return part.map(textOf).join("");
  return String(part).replace(/[&<>"']/g, (sign) => entities[sign] ?? sign);
}

/** A page in one file that needs nothing else. */
interface SinglePage {
  readonly title: string;
  readonly css: string;
  /** Code that runs in the page; none where nothing is to be done. */
  readonly script?: string;
  readonly content: Html;
}

/** Writes the page. Its policy allows the style and the script that are part of it by their hashes, and nothing from elsewhere. */
export function singlePage({ title, css, script = "", content }: SinglePage): string {
  const policy = `default-src 'none'; style-src '${hashOf(css)}'${script === "" ? "" : `; script-src '${hashOf(script)}'`}; base-uri 'none'; form-action 'none'`;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
<style>${new Html(css)}</style>
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<main id="content" class="frame">
${content}
</main>${script === "" ? "" : new Html(`\n<script>${script}</script>`)}
</body>
</html>
`.text;
}

function hashOf(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}

/** A coordinate of a chart, to a tenth of a pixel: no eye sees more, and the page stays small. */
export function round(value: number): number {
  return Math.round(value * 10) / 10;
}

/** Colours, type and parts that every page shares: light, dark and print. Contrast of text is AA; of marks of a chart against the panel at least 3:1. */
export const baseCss = `:root {
  color-scheme: light dark;
  --ground: #f7f7f5; --panel: #ffffff; --line: #d9d9d4; --text: #1b1e22; --quiet: #5b616a; --link: #0b57a4; --mark: #e8f0f9;
  --good: #17703a; --bad: #a3261b; --warn: #8a5300; --wash-good: #e6f4ea; --wash-bad: #fbe9e7; --wash-warn: #fdf1de;
  --created: #1a7f8e; --updated: #5661c4; --unchanged: #858b94; --duplicate: #a36a1f; --rejected: #c2362b; --not-attempted: #94707f; --skipped: #858b94; --deleted: #7a4b9a;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --ground: #15171a; --panel: #1d2024; --line: #373c43; --text: #e8e9eb; --quiet: #a3a9b2; --link: #8abdf5; --mark: #23344a;
    --good: #6fd08c; --bad: #ff9a8f; --warn: #f0b95c; --wash-good: #17301f; --wash-bad: #3a1d1a; --wash-warn: #36290f;
    --created: #3fb3c3; --updated: #8f99ee; --unchanged: #8b929c; --duplicate: #d39a4e; --rejected: #ee6a5f; --not-attempted: #b892a3; --skipped: #8b929c; --deleted: #b98ad8;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--text); font: 15px/1.5 system-ui, "DejaVu Sans", sans-serif; }
.frame { max-width: 1160px; margin: 0 auto; padding: 0 20px; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 4px; overflow-wrap: anywhere; }
h2 { font-size: 1.1rem; margin: 32px 0 8px; }
h3 { font-size: 1rem; margin: 0; }
p { margin: 4px 0 12px; }
a { color: var(--link); }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; border-radius: 2px; }
.skip { position: absolute; left: -9999px; }
.skip:focus { left: 12px; top: 8px; background: var(--panel); padding: 6px 10px; z-index: 1; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.narrow { display: none; }
.quiet { color: var(--quiet); font-weight: 400; }
.good { color: var(--good); } .bad { color: var(--bad); font-weight: 600; } .warn { color: var(--warn); }
.panel { background: var(--panel); border: 1px solid var(--line); border-radius: 6px; overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: 7px 12px; border-bottom: 1px solid var(--line); max-width: 26rem; overflow-wrap: break-word; }
thead th { white-space: nowrap; font-size: .85rem; color: var(--quiet); }
tbody tr:last-child > * { border-bottom: 0; }
tbody th { font-weight: 600; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
time { white-space: nowrap; }
code { overflow-wrap: anywhere; }
.word { display: inline-block; max-width: 100%; overflow-wrap: anywhere; }
code, pre { font: 13px/1.45 ui-monospace, "DejaVu Sans Mono", monospace; }
pre { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; }
table.pairs th { width: 32%; }
input, button, select { font: inherit; padding: 6px 10px; border: 1px solid var(--quiet); border-radius: 4px; background: var(--panel); color: var(--text); }
::placeholder { color: var(--quiet); opacity: 1; }
input { flex: 1 1 200px; max-width: 420px; min-width: 0; }
button { cursor: pointer; background: var(--mark); }
svg.chart { display: block; width: 100%; height: auto; }
svg.chart text { fill: var(--text); font-size: 12px; }
svg.chart text.quiet { fill: var(--quiet); }
svg.chart .axis { stroke: var(--line); }
.created { --tone: var(--created); } .updated { --tone: var(--updated); } .unchanged { --tone: var(--unchanged); } .duplicate { --tone: var(--duplicate); }
.rejected { --tone: var(--rejected); } .notAttempted { --tone: var(--not-attempted); } .skipped { --tone: var(--skipped); } .deleted { --tone: var(--deleted); } .mapped { --tone: var(--link); }
svg.chart .node { fill: var(--tone, var(--link)); }
svg.chart .ribbon { fill: var(--tone, var(--link)); fill-opacity: .26; }
svg.chart .segment { fill: var(--tone, var(--link)); }
svg.bar { height: 14px; }
td.bars { min-width: 180px; padding-top: 12px; }
.track { fill: var(--mark); }
svg.chart .trace { fill: none; stroke: var(--updated); stroke-width: 1.6; }
svg.chart .wait { fill: var(--warn); fill-opacity: .16; }
svg.chart .refusal { fill: var(--rejected); }
svg.chart .quota { stroke: var(--text); stroke-width: 1.4; stroke-dasharray: 6 4; }
.key { display: inline-block; width: .75em; height: .75em; border-radius: 2px; background: var(--tone, var(--link)); margin-right: .4em; }
.key.line { background: var(--updated); height: .25em; vertical-align: middle; }
.key.wait { background: var(--warn); opacity: .4; } .key.refusal { background: var(--rejected); }
.key.quota { background: none; border-top: 2px dashed var(--text); height: 0; width: 1.2em; vertical-align: middle; border-radius: 0; }
.chip { display: inline-block; background: var(--mark); border-radius: 4px; padding: 1px 6px; margin: 1px 0; }
ul.keys { display: flex; flex-wrap: wrap; gap: 4px 18px; margin: 8px 0; padding: 0; list-style: none; font-size: .9rem; }
@media (max-width: 640px) {
  .frame { padding-left: 12px; padding-right: 12px; }
  .narrow { display: block; }
  .wide { display: none; }
  h1 { font-size: 1.25rem; }
  table.cards, table.cards tbody, table.cards tr, table.cards td, table.cards th { display: block; }
  table.cards thead { position: absolute; left: -9999px; }
  table.cards tr { padding: 8px 0; border-bottom: 1px solid var(--line); }
  table.cards tbody tr:last-child { border-bottom: 0; }
  table.cards td, table.cards th, table.pairs th { border: 0; padding: 2px 12px; text-align: left; width: auto; max-width: none; overflow-wrap: anywhere; }
  table.cards td[data-label]::before { content: attr(data-label) " "; color: var(--quiet); font-size: .85rem; }
  table.cards td:empty { display: none; }
}
@media print {
  :root { --ground: #fff; --panel: #fff; }
  .panel { overflow: visible; break-inside: avoid; }
  :root { color-scheme: light; }
  .screen { display: none !important; }
  svg.chart .ribbon, svg.chart .node, svg.chart .segment, .key { print-color-adjust: exact; }
}
`;

/** How a graph of blueprints looks. */
export const graphCss = `
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
@media (max-width: 640px) { svg.graph { max-width: 640px; height: auto; } }
`;
