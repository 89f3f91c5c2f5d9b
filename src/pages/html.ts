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

/** Makes HTML of a template; whatever is put in is escaped unless it is HTML itself. Every attribute must stand in quotes. */
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

/** A coordinate of a chart, to a tenth of a pixel: no eye sees more, and the page stays small. */
export function round(value: number): number {
  return Math.round(value * 10) / 10;
}
