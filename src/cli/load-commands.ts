import {
  applyOptions,
  importOptions,
  planOptions,
  reportOptions,
  resumeOptions,
  retryOptions,
  syncOptions,
  undoOptions,
} from "../options/run.js";
import { type AnyCommand, answering, command, everyCommand, running } from "./command.js";

const heading = "Load";

const configNote = "portload.config.yaml in this folder may give mapping, sources and more: see docs/cli.md.";

/** Commands that load the catalog, and what became of it. */
export const loadCommands: readonly AnyCommand[] = [
  command({
    name: "import",
    group: heading,
    summary: "Write every record of the sources to the catalog",
    options: importOptions,
    positionals: ["sources"],
    terminal: running,
    examples: [
      ["portload import services.csv -m services.yaml", "one file"],
      ["portload import services.csv -m services.yaml --dry-run", "the same, checked by the API and not written"],
      ["portload import exports/ -m inventory.yaml --mode override", "a folder; entities become exactly what is sent"],
    ],
    notes: configNote,
    interrupted: "finishes",
    load: async () => (await import("./load.js")).importSources,
  }),
  command({
    name: "sync",
    group: heading,
    summary: "Write only what differs from the catalog; with --prune delete what is stale",
    options: syncOptions,
    positionals: ["sources"],
    terminal: running,
    examples: [
      ["portload sync services.csv -m services.yaml", "the nightly job"],
      ["portload sync services.csv -m services.yaml --prune --max-delete 5%", "what is gone from the file goes, too"],
    ],
    notes: configNote,
    interrupted: "finishes",
    load: async () => (await import("./load.js")).sync,
  }),
  command({
    name: "plan",
    group: heading,
    summary: "Show what a sync would create, update and delete; write nothing",
    options: planOptions,
    positionals: ["sources"],
    terminal: running,
    examples: [["portload plan services.csv -m services.yaml --out tonight.plan", "then portload apply tonight.plan"]],
    notes: configNote,
    interrupted: "finishes",
    load: async () => (await import("./plan.js")).plan,
  }),
  command({
    name: "apply",
    group: heading,
    summary: "Do exactly what a plan says; refused when anything drifted since",
    options: applyOptions,
    positionals: ["plan"],
    terminal: running,
    examples: [["portload apply tonight.plan", "a plan that portload plan --out tonight.plan made"]],
    interrupted: "finishes",
    load: async () => (await import("./load.js")).apply,
  }),
  command({
    name: "resume",
    group: heading,
    summary: "Resume an import that stopped",
    options: resumeOptions,
    positionals: ["importId", "sources"],
    arrange: idThenSources,
    terminal: running,
    examples: [
      ["portload resume", "the latest import that did not finish, with its own options"],
      ["pg_dump … | portload resume 20261122T033012417Z-7f3a", "an import whose stdin was cut off, piped again"],
    ],
    interrupted: "finishes",
    load: async () => (await import("./load.js")).resume,
  }),
  command({
    name: "retry",
    group: heading,
    summary: "Import the rejects files of an import or sync as they are now",
    options: retryOptions,
    positionals: ["importId"],
    terminal: running,
    examples: [["portload retry", "the latest import or sync that rejected anything, with its own options"]],
    interrupted: "finishes",
    load: async () => (await import("./load.js")).retry,
  }),
  command({
    name: "undo",
    group: heading,
    summary: "Take back what an import, sync or apply did: show how, ask, and do it",
    options: undoOptions,
    positionals: ["importId"],
    terminal: { ...running, yes: { ...everyCommand.yes, describe: "take it back without asking", isCommon: true } },
    examples: [
      ["portload undo", "the latest import, sync or apply"],
      ["portload undo 20261122T033012417Z-7f3a --out undo.plan", "only write the plan, then portload apply undo.plan"],
    ],
    interrupted: "finishes",
    load: async () => (await import("./plan.js")).undo,
  }),
  command({
    name: "report",
    group: heading,
    summary: "Show the report of an earlier import, the latest by default",
    options: reportOptions,
    positionals: ["importId"],
    terminal: answering,
    examples: [["portload report --report nightly.html", "the latest import as a page"]],
    load: async () => (await import("./load.js")).report,
  }),
];

/** The id of an import, if the first word is one, and sources. */
function idThenSources(words: readonly string[]): Readonly<Record<string, unknown>> {
  const [first, ...rest] = words;
  const hasId = first !== undefined && /^\d{8}T\d{9}Z-/.test(first);
  const sources = hasId ? rest : words;
  return { ...(hasId && { importId: first }), ...(sources.length > 0 && { sources }) };
}
