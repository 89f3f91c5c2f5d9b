import { type Html, html } from "./html.js";

const places = [
  ["/", "Overview"],
  ["/catalog", "Entities"],
  ["/activity", "Activity"],
  ["/limits", "Limits"],
] as const;

/** The whole page around its content. @param here - address of the place in the menu that is shown */
export function pageHtml(title: string, here: string, content: Html): string {
  const menu = places.map(
    ([href, name]) => html`<a href="${href}"${href === here ? html` aria-current="page"` : ""}>${name}</a>`,
  );
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · portload emulator</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/page.css">
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<header>
<div class="frame"><strong>portload emulator</strong><nav aria-label="Places">${menu}</nav></div>
</header>
<main id="content" class="frame">
${content}
</main>
</body>
</html>
`.text;
}
