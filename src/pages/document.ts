import { createHash } from "node:crypto";
import { Html, html } from "./html.js";

/** A page in one file that needs nothing else. */
export interface SinglePage {
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
