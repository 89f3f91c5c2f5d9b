import type { FamilyStats } from "../limits.js";
import { type Html, html } from "./html.js";
import { figure } from "./links.js";

/** The limits in force, and what they let pass. */
export function limitsHtml(families: Readonly<Record<string, FamilyStats>>): Html {
  const off = Object.values(families).every(({ limit }) => limit === null);
  return html`<h1>Limits</h1>
<p class="quiet">${off ? "No limits are in force." : "Requests of a family that are accepted in a period, and at once."}</p>
<div class="panel"><table class="cards">
<thead><tr><th scope="col">Family</th>${["Limit", "Period (s)", "Burst", "Accepted", "Refused"].map((head) => html`<th scope="col" class="number">${head}</th>`)}</tr></thead>
<tbody>${Object.entries(families).map(
    ([family, { limit, periodMs, burst, accepted, refused }]) =>
      html`<tr><th scope="row">${family}</th>${cell("Limit", limit)}${cell("Period (s)", periodMs === null ? null : periodMs / 1000)}${cell("Burst", burst)}${cell("Accepted", accepted)}${cell("Refused", refused)}</tr>
`,
  )}</tbody>
</table></div>`;
}

function cell(name: string, value: number | null): Html {
  return html`<td class="number" data-label="${name}">${value === null ? "–" : figure(value)}</td>`;
}
