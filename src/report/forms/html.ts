import type { Report } from "../report.js";
import { visible } from "../words.js";
import { type Table, tablesOf } from "./tables.js";

/** Writes a report as one HTML page that needs nothing else: no script, no font, no picture. */
export function formatHtml(report: Report): string {
  const title = escapeHtml(`portload ${report.command} ${report.importId}`);
  const ending =
    report.exitCode === 0
      ? '<p class="good">Finished.</p>'
      : `<p class="bad">Ended with exit code ${report.exitCode}.</p>`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${title}</title>
<style>${style}</style>
</head>
<body>
<h1>${title}</h1>
${ending}
${tablesOf(report).map(formatTable).join("\n")}
</body>
</html>
`;
}

const style = `
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
body { max-width: 75rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; }
th, td { text-align: left; vertical-align: top; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid #8886; overflow-wrap: anywhere; }
th { white-space: nowrap; } td { min-width: 4rem; }
.good { color: #178a3a; } .bad { color: #d03030; font-weight: 600; }
`;

function formatTable({ title, head, rows }: Table): string {
  const named = head.some((cell) => cell !== "");
  const top = named
    ? `<thead><tr>${head.map((cell) => `<th scope="col">${escapeHtml(cell)}</th>`).join("")}</tr></thead>\n`
    : "";
  const body = rows.map((row) => `<tr>${row.map(formatCell).join("")}</tr>`).join("\n");
  return `<h2>${escapeHtml(title)}</h2>\n<div class="scroll"><table>\n${top}<tbody>\n${body}\n</tbody></table></div>`;
}

function formatCell(text: string): string {
  return `<td>${escapeHtml(visible(text))}</td>`;
}

function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
