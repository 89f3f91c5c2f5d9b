import { once } from "node:events";
import type {
  explainOptions,
  initOptions,
  lintOptions,
  previewOptions,
  studioOptions,
  testOptions,
} from "../options/authoring.js";
import type { Offers, Picked } from "../recipes/studio/begin.js";
import { quoted } from "../reject.js";
import type { ExitCode } from "../report/exit-code.js";
import { failedWords, formatCount } from "../report/words.js";
import type { Run } from "./command.js";
import { mayColor, print, printJson, say, type Terminal } from "./terminal.js";
import { sourceQuestions } from "./under-way.js";

/** `portload init`: a mapping to begin with. */
export const init: Run<typeof initOptions> = async (options, terminal, { output, quiet }) => {
  const { env, stdin, signal } = terminal;
  const { proposeMapping } = await import("../recipes/init.js");
  const proposed = await proposeMapping(options, { env, stdin, signal });
  const { mapping, blueprints, questions, tried, written, replaced } = proposed;
  if (output === "json") await printJson(terminal, `${JSON.stringify(proposed)}\n`);
  else if (options.out === undefined) await print(terminal, mapping);
  if (quiet || output === "json") return 0;
  const lines = [
    ...tried.flatMap(({ source, lines: made }) =>
      made.map((line, index) => (index === 0 ? `${source}: ${line}` : `  ${line}`)),
    ),
    ...written.map((file) => (replaced.includes(file) ? `replaced ${file} (it was different)` : `wrote ${file}`)),
    ...questions.map((question) => `? ${question}`),
    ...(options.blueprintsOut === undefined && blueprints.length > 0
      ? ["a blueprint that fits is written with --blueprints-out DIR"]
      : []),
    ...(options.out === undefined ? [] : [lookLine(options, options.out, tried)]),
  ];
  await say(terminal, lines.map((line) => `${line}\n`).join(""));
  return 0;
};

/** The command that shows what the first records become. A workbook's sheets are sources of their own. */
function lookLine(
  { sources, blueprintsOut }: Pick<Parameters<typeof init>[0], "sources" | "blueprintsOut">,
  mapping: string,
  tried: readonly { readonly source: string }[],
): string {
  const typed = sources.flatMap((given) => {
    if (typeof given !== "string") return [];
    const sheets = tried.filter(({ source }) => source.startsWith(`${given}#`)).map(({ source }) => source);
    return sheets.length > 0 ? sheets : [given];
  });
  const folder = blueprintsOut === undefined ? [] : ["--blueprints", blueprintsOut];
  return `To see the result: portload preview ${[...typed, "-m", mapping, ...folder, "--limit", "1"].map(quoted).join(" ")}`;
}

/** `portload preview`: what the mapping makes of the sources, without any API. */
export const preview: Run<typeof previewOptions> = async (options, terminal, output) => {
  const { env, stdin, signal } = terminal;
  const { preview: previewEntities } = await import("../recipes/preview.js");
  const { counts, rejects, faults, warnings } = await previewEntities(options, {
    env,
    stdin,
    signal,
    ...sourceQuestions(terminal, output),
    emit: (line) => printJson(terminal, `${line}\n`),
  });
  const color = mayColor(terminal, terminal.stderr, output.color);
  const { formatPreview } = await import("../report/summary.js");
  if (!output.quiet) {
    await say(terminal, formatPreview({ counts, rejects, faults, warnings, color }));
    if (options.blueprints === undefined)
      await say(terminal, "values are as the expressions give them; with --blueprints <folder> they get their types\n");
  } else if (rejects.length > 0) await say(terminal, `portload: preview: ${failedWords(counts)}\n`);
  return rejects.length > 0 ? 1 : 0;
};

/** `portload explain`: what becomes of one record, step by step. */
export const explain: Run<typeof explainOptions> = async (options, terminal, output) => {
  const { env, stdin, signal } = terminal;
  const { explain: explainRecord } = await import("../recipes/explain.js");
  const explanation = await explainRecord(options, { env, stdin, signal, ...sourceQuestions(terminal, output) });
  if (output.output === "json") await printJson(terminal, `${JSON.stringify(explanation)}\n`);
  else {
    const { formatExplanation } = await import("../authoring/explanation.js");
    await print(terminal, formatExplanation(explanation));
  }
  const isRejected = explanation.unread !== undefined || explanation.candidates.some(({ fate }) => fate === "rejected");
  return isRejected ? 1 : 0;
};

/** `portload lint`: everything that is wrong with a mapping, offline. */
export const lint: Run<typeof lintOptions> = async (options, terminal, { output, quiet }) => {
  const { lint: lintFiles, sourcesBeside } = await import("../recipes/lint.js");
  const { countFindings, lintForms } = await import("../lint/codes.js");
  const findings = await lintFiles(options);
  const shown = quiet ? findings.filter(({ severity }) => severity === "error") : findings;
  await print(terminal, lintForms[output](shown));
  const { error, warning, note } = countFindings(findings);
  const counts = `${plural(error, "error")}, ${plural(warning, "warning")}, ${plural(note, "note")}`;
  if (!quiet) await say(terminal, `${plural(options.mappings.length, "file")}: ${counts}\n`);
  if (!quiet && output === "text" && options.source.length === 0) {
    const near = await sourcesBeside(options.mappings);
    const flags = (near.length === 0 ? ["<file>"] : near.map(quoted)).map((file) => `--source ${file}`).join(" ");
    await say(terminal, `columns were not compared with a file: add ${flags}\n`);
  }
  if (!quiet && output === "text" && options.blueprints === undefined)
    await say(terminal, `names and types were not checked against blueprints: add --blueprints <folder>\n`);
  return error > 0 ? 3 : 0;
};

function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}

/** `portload test`: the tests beside the mappings. */
export const test: Run<typeof testOptions> = async (options, terminal, { output, quiet }) => {
  const { testMappings } = await import("../recipes/mapping-test.js");
  const { countResults, formatResults } = await import("../mapping-test/results.js");
  const files = await testMappings(options);
  const { passed, failed, updated } = countResults(files);
  if (output === "json")
    await printJson(terminal, `${JSON.stringify({ schemaVersion: 1, passed, failed, updated, files })}\n`);
  else if (!quiet || failed > 0) await print(terminal, formatResults(files));
  const rewritten = updated === 0 ? "" : `, ${updated} rewritten`;
  if (!quiet)
    await say(
      terminal,
      `${formatCount(passed + failed + updated, "test")}: ${passed} passed, ${failed} failed${rewritten}\n`,
    );
  return failed > 0 ? 1 : 0;
};

/** `portload schema`: what editors complete and check mapping files by. */
export async function schema({ of }: { readonly of: "mapping" | "test" }, terminal: Terminal): Promise<ExitCode> {
  const { mappingJsonSchema, mappingTestJsonSchema } = await import("../lint/json-schema.js");
  const made = of === "test" ? mappingTestJsonSchema() : mappingJsonSchema();
  await printJson(terminal, `${JSON.stringify(made, null, 2)}\n`);
  return 0;
}

/** `portload studio`: a page on which a mapping is made by looking, until the command is interrupted. */
export const studio: Run<typeof studioOptions> = async (options, terminal) => {
  const { startStudio } = await import("../studio/server.js");
  const { url, start, close } = await startStudio(options, terminal.env);
  try {
    await say(
      terminal,
      `${foundLine(start, options.sources.length > 0)}studio at ${url}\nThe address works once. End with Ctrl-C.\n`,
    );
    if (!terminal.signal.aborted) await once(terminal.signal, "abort");
    return 0;
  } finally {
    await close();
  }
};

/** What was taken where nothing was named. */
function foundLine(start: Picked | { readonly offers: Offers }, isNamed: boolean): string {
  if (isNamed) return "";
  if ("offers" in start) return "No source is named: choose on the page among those of this folder.\n";
  const { sources, mapping } = start;
  const by = mapping === undefined ? "a mapping is proposed" : `by ${mapping}`;
  return `Found here: ${sources.join(", ")}; ${by}.\n`;
}
