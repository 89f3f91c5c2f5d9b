import { baseCss, graphCss, html } from "../pages/html.js";
import type { Offers } from "../recipes/studio/begin.js";
import { reportCss } from "../report/forms/html.js";

/** The studio's page; its parts are filled by its script. @param nonce - what the policy of this answer lets the editor's style sheets in by */
export const studioDocument = (nonce: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>portload studio</title>
<meta name="style-nonce" content="${nonce}">
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/page.css">
</head>
<body>
<a class="skip" href="#entities">Skip to the entities</a>
<header><div class="top"><h1>portload studio</h1><label class="source">Source <select id="source"></select></label><span class="grow"></span><span id="saved" class="quiet" role="status"></span><button id="save" type="button">Save</button></div><div id="disk" role="alert" hidden></div></header>
<main>
<section id="records" aria-labelledby="records-title" tabindex="0"><h2 id="records-title">Source</h2><p id="receipt" class="quiet">Reading the source…</p><div id="columns"></div><div id="rows"></div></section>
<div id="split-records" role="separator" aria-orientation="vertical" aria-label="Width of the source" aria-controls="records" tabindex="0"></div>
<section id="mapping" aria-labelledby="mapping-title"><h2 id="mapping-title">Mapping</h2><div id="editor"></div></section>
<div id="split-entities" role="separator" aria-orientation="vertical" aria-label="Width of the entities" aria-controls="entities" tabindex="0"></div>
<section id="entities" aria-labelledby="entities-title" tabindex="-1"><h2 id="entities-title">Entities</h2><p id="made-counts" class="quiet" role="status"></p><div id="made"></div></section>
<div id="split-below" role="separator" aria-orientation="horizontal" aria-label="Height of the lower part" aria-controls="below" tabindex="0"></div>
<section id="below" aria-label="Problems, blueprints and import"><div class="tabbar"><div id="tabs" role="tablist" aria-label="Below"></div><button id="enlarge" type="button" aria-pressed="false">Enlarge</button></div><div id="panel" role="tabpanel" tabindex="0"></div></section>
</main>
<dialog id="dialog"></dialog>
<script src="/page.js" type="module"></script>
</body>
</html>
`;

/** The page on which sources are chosen where none is named: a form, without a script. @param fault - why what was chosen cannot be opened */
export const choiceDocument = (
  { sources, mappings, mapping = "" }: Offers,
  fault?: { readonly message: string; readonly hint?: string },
): string =>
  html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>portload studio: choose sources</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/page.css">
</head>
<body>
<header><div class="top"><h1>portload studio</h1></div></header>
<form class="choice" method="post" action="/choose">
<h2>Choose what to look at</h2>
<p class="quiet">Files of the folder that portload studio was started in.</p>
${fault && html`<p class="bad" role="alert">${fault.message} ${fault.hint}</p>`}
<fieldset><legend>Sources</legend>
${sources.map((path) => html`<label><input type="checkbox" name="source" value="${path}"> ${path}</label>`)}
</fieldset>
<fieldset><legend>Mapping</legend>
${["", ...mappings].map((path) => html`<label><input type="radio" name="mapping" value="${path}"${path === mapping && html` checked`}> ${path === "" ? "a proposal, made from the sources" : path}</label>`)}
</fieldset>
<p><button type="submit" class="main">Open</button></p>
</form>
</body>
</html>
`.text;

/** The stylesheet of the studio's page. */
export const studioCss = `${baseCss}${graphCss}${reportCss}
html, body { height: 100%; }
body { display: flex; flex-direction: column; }
header { background: var(--panel); border-bottom: 1px solid var(--line); }
.top { display: flex; align-items: center; gap: 6px 14px; padding: 6px 14px; }
#receipt, #made-counts { font-size: 12px; margin: 0 0 6px; overflow-wrap: anywhere; }
#saved { white-space: nowrap; font-size: 13px; }
.source { white-space: nowrap; } .source select { max-width: 16rem; }
.top h1 { font-size: 1rem; margin: 0; }
.grow { flex: 1; }
#disk { padding: 6px 14px; background: var(--mark); overflow-wrap: anywhere; }
main { --below: 36%; --records: 30%; --entities: 33%; flex: 1; min-height: 0; display: grid; grid-template: minmax(0, 1fr) 7px minmax(140px, var(--below)) / minmax(0, var(--records)) 7px minmax(0, 1fr) 7px minmax(0, var(--entities)); grid-template-areas: "records left mapping right entities" "split split split split split" "below below below below below"; background: var(--line); }
main > section { background: var(--panel); overflow: auto; padding: 8px 12px; min-width: 0; }
main > section > h2 { margin: 0 0 6px; font-size: .95rem; }
#records { grid-area: records; } #mapping { grid-area: mapping; display: flex; flex-direction: column; } #entities { grid-area: entities; } #below { grid-area: below; }
#records, #entities, #below { contain: layout style; }
#editor { flex: 1; min-height: 200px; border: 1px solid var(--line); border-radius: 4px; overflow: hidden; }
.steps { display: flex; flex-wrap: wrap; align-items: center; gap: 5px; margin-bottom: 6px; font-size: 13px; }
.steps .quiet { font-variant-numeric: tabular-nums; }
.refused { flex: 1 1 7rem; min-width: 0; min-height: 1.5em; margin: 0; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.steps input { flex: 0 0 4.6rem; padding: 3px 6px; }
select { padding: 3px 8px; }
button { padding: 3px 10px; }
button[disabled] { opacity: .55; cursor: default; }
button.link { background: none; border: 0; padding: 0; color: var(--link); text-decoration: underline; text-align: left; overflow-wrap: anywhere; }
button.main { background: var(--link); color: var(--panel); border-color: var(--link); }
table.values td, table.values th { padding: 3px 8px; vertical-align: top; overflow-wrap: anywhere; max-width: none; }
table.values { font-size: 13px; table-layout: fixed; }
table.values th { font-weight: 600; width: 42%; }
table.values td { width: 58%; }
#rows th { display: grid; grid-template-columns: minmax(0, 2fr) minmax(0, 3fr); gap: 0 10px; }
table.values .facts { grid-column: 1 / -1; font-size: .76rem; color: var(--quiet); font-weight: 400; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
table.values tr:hover .facts, table.values tr.linked .facts, table.values tr:focus-within .facts { white-space: normal; overflow-wrap: anywhere; }
table.values .cell { font-weight: 400; overflow-wrap: anywhere; }
.facts meter { width: 36px; height: .7em; margin-right: 6px; }
#rows th { width: auto; }
code.from { display: block; font-size: 11.5px; color: var(--quiet); overflow-wrap: anywhere; }
.stale, .stale * { color: var(--quiet) !important; } .stale .entity { border-style: dashed; }
a.there { font-size: .8rem; font-weight: 400; }
tr.linked > * { background: var(--mark); }
tr.failed > * { background: var(--wash-bad); }
tr[data-path] { cursor: pointer; }
.entity { border: 1px solid var(--line); border-radius: 6px; margin-bottom: 10px; overflow: hidden; }
.entity > h3 { padding: 6px 10px; background: var(--ground); font-size: .92rem; overflow-wrap: anywhere; }
.entity > ul { margin: 6px 0; padding-left: 26px; color: var(--bad); }
.why { margin: 6px 10px; }
.as-text { padding: 4px 8px; } .as-text textarea { display: block; box-sizing: border-box; width: 100%; margin: 6px 0; font: 12.5px/1.5 ui-monospace, "DejaVu Sans Mono", monospace; background: var(--panel); color: var(--text); border: 1px solid var(--line); border-radius: 4px; }
.adder { display: flex; flex-wrap: wrap; gap: 6px; padding: 6px 8px; }
.entity td select, .entity td button { margin: 1px 6px 1px 0; }
.panel + .entity { margin-top: 10px; }
.badge { display: inline-block; border-radius: 9px; padding: 0 8px; font-size: .8rem; background: var(--mark); }
.badge.bad { background: var(--wash-bad); } .badge.good { background: var(--wash-good); color: var(--good); }
.tabbar { display: flex; gap: 12px; align-items: end; justify-content: space-between; border-bottom: 1px solid var(--line); margin-bottom: 8px; position: sticky; top: -8px; background: var(--panel); z-index: 2; padding-top: 2px; }
[role=tablist] { display: flex; flex-wrap: wrap; gap: 4px; }
#enlarge { margin-bottom: 3px; font-size: 13px; }
#split-below { grid-area: split; cursor: row-resize; } #split-records { grid-area: left; } #split-entities { grid-area: right; }
[role=separator] { cursor: col-resize; touch-action: none; } [role=separator]:hover, [role=separator]:focus-visible { background: var(--link); outline: none; }
#below { font-size: 14px; }
[role=tab] { border-bottom: 0; border-radius: 4px 4px 0 0; background: none; }
[role=tab][aria-selected=true] { background: var(--mark); font-weight: 600; }
.problems { list-style: none; margin: 0; padding: 0; }
.problems { font-size: 13.5px; }
.problems > li { display: grid; grid-template-columns: 5rem minmax(0, 1fr) auto; gap: 2px 12px; padding: 4px 8px; border-bottom: 1px solid var(--line); align-items: start; }
.problems > li:last-child { border-bottom: 0; }
.problems .amount { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; font-weight: 600; }
.problems .acts { display: flex; flex-wrap: wrap; gap: 4px 10px; justify-content: end; max-width: 26rem; }
.fixit { border-color: var(--link); }
.live section > h2 { margin: 12px 0 6px; font-size: .95rem; }
progress { width: 220px; vertical-align: middle; }
iframe.report { width: 100%; height: 900px; border: 1px solid var(--line); border-radius: 6px; background: var(--ground); margin-top: 8px; }
.choice { overflow: auto; padding: 14px; width: 100%; max-width: 640px; margin: 0 auto; box-sizing: border-box; }
.choice fieldset { border: 1px solid var(--line); border-radius: 6px; background: var(--panel); margin: 0 0 12px; }
.choice label { display: block; padding: 3px 0; overflow-wrap: anywhere; }
dialog { color: var(--text); background: var(--panel); border: 1px solid var(--line); border-radius: 8px; max-width: 560px; }
dialog::backdrop { background: rgb(0 0 0 / .45); }
.cm-editor { height: 100%; color: var(--text); font-size: 13px; }
.cm-scroller { font-family: ui-monospace, "DejaVu Sans Mono", monospace !important; line-height: 1.5 !important; }
.cm-gutters { background: var(--ground) !important; color: var(--quiet) !important; border-right: 1px solid var(--line) !important; }
.cm-activeLine, .cm-activeLineGutter { background: transparent !important; }
.cm-line.linked { background: var(--mark); }
.cm-cursor { border-left-color: var(--text) !important; }
.cm-selectionBackground { background: var(--mark) !important; }
.cm-tooltip { background: var(--panel) !important; color: var(--text); border: 1px solid var(--line) !important; }
.cm-tooltip-autocomplete ul li[aria-selected] { background: var(--link) !important; color: var(--panel) !important; }
.cm-tooltip { max-width: min(36rem, 90vw); overflow-wrap: anywhere; }
.cm-diagnostic { padding: 4px 8px; white-space: pre-wrap; }
.tok-key { color: var(--link); } .tok-string { color: var(--good); } .tok-number, .tok-atom { color: var(--warn); } .tok-comment { color: var(--quiet); }
@media (max-width: 900px) {
  html, body { height: auto; }
  .top { flex-wrap: wrap; }
  main { display: block; }
  main > section { border-bottom: 6px solid var(--line); }
  #editor { flex: none; height: 420px; }
  #records, #entities { max-height: 420px; }
  .problems > li { grid-template-columns: 3.6rem minmax(0, 1fr); padding-left: 0; } .problems .acts { grid-column: 2; justify-content: start; }
  #panel table.values th { width: 30%; } #panel table.values td { width: 70%; } #panel .entity td select, #panel .entity td button { padding: 2px 4px; }
  #enlarge, [role=separator] { display: none; }
}
`;
