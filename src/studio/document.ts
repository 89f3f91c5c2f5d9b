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
<header><div class="bar"><h1>portload studio</h1><label class="source">Source <select id="source"></select></label><span id="receipt" class="quiet"></span>
<span class="grow"></span><span id="saved" class="quiet" role="status"></span><button id="save" type="button">Save</button></div></header>
<main>
<section id="records" aria-labelledby="records-title" tabindex="0"><h2 id="records-title">Source</h2><div id="columns"></div><div id="rows"></div></section>
<section id="mapping" aria-labelledby="mapping-title"><h2 id="mapping-title">Mapping</h2><div id="editor"></div></section>
<section id="entities" aria-labelledby="entities-title" tabindex="-1"><h2 id="entities-title">Entities</h2><div id="made"></div></section>
<section id="below" aria-label="Problems, blueprints and import"><div id="tabs" role="tablist" aria-label="Below"></div><div id="panel" role="tabpanel" tabindex="0"></div></section>
</main>
<dialog id="dialog"></dialog>
<script src="/page.js" type="module"></script>
</body>
</html>
`;
