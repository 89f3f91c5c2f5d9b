import { html } from "../../pages/html.js";
import type { Report } from "../report.js";
import { causeBars } from "./html-causes.js";
import { outcomeSection, rateSection } from "./html-sections.js";

/** The report of a run that goes on, as a part of a page: outcomes, rate, causes so far. */
export function formatLive(report: Report): string {
  return html`${outcomeSection(report)}${rateSection(report)}${causeBars(report)}`.text;
}
