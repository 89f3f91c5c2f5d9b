import { countResults, type FileResult, formatDifference, type TestResult } from "./results.js";

/** Writes the results as JUnit XML, for CI systems: a suite for each file, a case for each test. */
export function formatTestJunit(files: readonly FileResult[]): string {
  const suites = files.map((file) => {
    const cases =
      file.error === undefined ? file.tests.map((test) => formatCase(file, test)) : [formatBroken(file, file.error)];
    const { passed, failed, updated } = countResults([file]);
    const seconds = file.tests.reduce((sum, { durationMs }) => sum + durationMs, 0) / 1000;
    return `<testsuite name="${escapeXml(file.file)}" tests="${passed + failed + updated}" failures="${failed}" errors="0" skipped="0" time="${seconds.toFixed(3)}">\n${cases.join("\n")}\n</testsuite>`;
  });
  const { passed, failed, updated } = countResults(files);
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="portload test" tests="${passed + failed + updated}" failures="${failed}" errors="0">\n${suites.join("\n")}\n</testsuites>\n`;
}

function formatCase({ file }: FileResult, { name, line, is, differences, error, durationMs }: TestResult): string {
  const lines = [...(error === undefined ? [] : [error]), ...differences.map((each) => formatDifference(each))];
  const message = lines.length === 1 ? (lines[0] ?? "") : `${lines.length} differences`;
  const failure =
    is === "failed" ? `<failure message="${escapeXml(message)}">${escapeXml(lines.join("\n"))}</failure>` : "";
  return `<testcase classname="${escapeXml(file)}" name="${escapeXml(name)}" file="${escapeXml(file)}" line="${line}" time="${(durationMs / 1000).toFixed(3)}">${failure}</testcase>`;
}

function formatBroken({ file }: FileResult, error: string): string {
  return `<testcase classname="${escapeXml(file)}" name="can be run" file="${escapeXml(file)}" time="0"><failure message="cannot be run">${escapeXml(error)}</failure></testcase>`;
}

/** Signs that XML 1.0 cannot hold even escaped become U+FFFD. @source XML 1.0, production [2] Char */
function escapeXml(text: string): string {
  return text.replaceAll(forbidden, "\ufffd").replaceAll(/[&<>"'\t\n\r]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const forbidden = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff\p{Surrogate}]/gu;
