import { relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { entityAddress } from "../../pages/entity-address.js";
import { type Html, html } from "../../pages/html.js";
import { visible } from "../words.js";

/** A link to a file from where the page lies, or only its name where that is not known. @param text - what is shown in place of the path */
export function fileLink(path: string, page: string | undefined, text?: Html): Html {
  const shown = text ?? html`${visible(path)}`;
  if (page === undefined) return text ?? html`<code>${shown}</code>`;
  const from = resolve(page, "..");
  const steps = relative(from, resolve(path)).split(/[\\/]/);
  // Another drive has no way from here.
  const href = /^[a-z]:/i.test(steps[0] ?? "") ? pathToFileURL(path).href : steps.map(encodeURIComponent).join("/");
  return html`<a href="${href}">${shown}</a>`;
}

/** A link that leaves the page, which may be shown within another; the text alone where there is no address. */
export function outside(href: string | undefined, text: string): Html {
  const shown = visible(text);
  return href === undefined ? html`${shown}` : html`<a href="${href}" target="_blank" rel="noreferrer">${shown}</a>`;
}

/** An entity's identifier, as a link to where one looks at it. */
export function entityName(target: string | undefined, blueprint: string, identifier: string): Html {
  return outside(entityAddress(target, blueprint, identifier), identifier);
}
