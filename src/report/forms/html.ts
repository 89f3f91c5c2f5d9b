import { baseCss, html, singlePage } from "../../pages/html.js";
import type { Report } from "../report.js";
import { verdictOf } from "../verdict.js";
import { causesSection } from "./html-causes.js";
import { flowSection } from "./html-flow.js";
import {
  columnSection,
  factSection,
  fileSection,
  outcomeSection,
  rateSection,
  warningSection,
} from "./html-sections.js";
import { causeScript, reportCss } from "./html-style.js";

/**
 * Writes a report as one HTML page that loads nothing: verdict, flow, rate, outcomes, causes, warnings, files and how to do it again.
 *
 * @param file - where the page will lie, so that it can link to the rejects files
 */
export function formatHtml(report: Report, file?: string): string {
  const { tone, sentence } = verdictOf(report);
  return singlePage({
    title: `portload ${report.command} ${report.importId}`,
    css: baseCss + reportCss,
    ...(report.rejects.length > 0 && { script: causeScript }),
    content: html`<p class="quiet">portload ${report.command}${report.dryRun ? ", nothing was written" : ""} · ${report.importId}</p>
<h1 class="verdict ${tone}">${sentence}</h1>
${flowSection(report)}
${rateSection(report)}
${outcomeSection(report)}
${causesSection(report, file)}
${warningSection(report)}
${columnSection(report)}
${fileSection(report, file)}
${factSection(report)}`,
  });
}
