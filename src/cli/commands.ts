import { explainOptions, initOptions, lintOptions, previewOptions, testOptions } from "../options/authoring.js";
import {
  blueprintApplyOptions,
  doctorOptions,
  entityDeleteAllOptions,
  entityDeleteOptions,
  entityGetOptions,
  entityWriteOptions,
  exportOptions,
} from "../options/catalog.js";
import { emulatorOptions } from "../options/emulator.js";
import { flag, oneOf } from "../options/kinds.js";
import { group, optional, withDefault } from "../options/option.js";
import {
  applyOptions,
  importOptions,
  planOptions,
  reportOptions,
  resumeOptions,
  retryOptions,
  syncOptions,
} from "../options/run.js";
import { importIdPattern } from "../state/import-id.js";
import { type AnyCommand, command } from "./command.js";
import { answering, lintAnswering, running } from "./output.js";

const loading = "Load";
const authoring = "Write a mapping";
const catalog = "Work on the catalog";
const trying = "Try it";
const shell = "Shell";

/** Every command, in the order of help. */
export const commands: readonly AnyCommand[] = [
  command({
    name: "import",
    group: loading,
    summary: "Write every record of the sources to the catalog",
    options: importOptions,
    positionals: ["sources"],
    terminal: running,
    examples: [
      ["portload import services.csv -m services.yaml", "one file"],
      ["portload import services.csv -m services.yaml --dry-run", "the same, checked by the API and not written"],
      ["portload import exports/ -m inventory.yaml --mode override", "a folder; entities become exactly what is sent"],
    ],
    interrupted: "finishes",
    load: async () => toItsEnd((await import("../recipes/import.js")).runImport),
  }),
  command({
    name: "sync",
    group: loading,
    summary: "Write only what differs from the catalog; with --prune delete what is stale",
    options: syncOptions,
    positionals: ["sources"],
    terminal: running,
    examples: [
      ["portload sync services.csv -m services.yaml", "the nightly job"],
      ["portload sync services.csv -m services.yaml --prune --max-delete 5%", "what is gone from the file goes, too"],
    ],
    interrupted: "finishes",
    load: async () => toItsEnd((await import("../recipes/sync.js")).runSync),
  }),
  command({
    name: "plan",
    group: loading,
    summary: "Show what a sync would create, update and delete; write nothing",
    options: planOptions,
    positionals: ["sources"],
    terminal: running,
    examples: [["portload plan services.csv -m services.yaml --out tonight.plan", "then portload apply tonight.plan"]],
    interrupted: "finishes",
    load: async () => (await import("./plan.js")).plan,
  }),
  command({
    name: "apply",
    group: loading,
    summary: "Do exactly what a plan says; refused when anything drifted since",
    options: applyOptions,
    positionals: ["plan"],
    terminal: running,
    examples: [["portload apply tonight.plan", "a plan that portload plan --out tonight.plan made"]],
    interrupted: "finishes",
    load: async () => toItsEnd((await import("../recipes/apply.js")).runApply),
  }),
  command({
    name: "resume",
    group: loading,
    summary: "Go on with an import that stopped",
    options: resumeOptions,
    positionals: ["importId", "sources"],
    arrange: idThenSources,
    terminal: running,
    examples: [
      ["portload resume", "the latest import that did not finish, with its own options"],
      ["pg_dump … | portload resume 20261122T033012417Z-7f3a", "an import whose stdin was cut off, piped again"],
    ],
    interrupted: "finishes",
    load: async () => toItsEnd((await import("../recipes/resume.js")).resumeImport, { onlyPipedStdin: true }),
  }),
  command({
    name: "retry",
    group: loading,
    summary: "Import an import's rejects files as they are now, and what it did not attempt",
    options: retryOptions,
    positionals: ["importId"],
    terminal: running,
    examples: [["portload retry", "the latest import that rejected anything, with its own options"]],
    interrupted: "finishes",
    load: async () => toItsEnd((await import("../recipes/retry.js")).retryImport),
  }),
  command({
    name: "report",
    group: loading,
    summary: "Show the report of an earlier import, the latest by default",
    options: reportOptions,
    positionals: ["importId"],
    terminal: answering,
    examples: [["portload report --report nightly.html", "the latest import as a page"]],
    load: async () => (await import("./report.js")).report,
  }),
  command({
    name: "init",
    group: authoring,
    summary: "Propose a commented mapping, and a blueprint, from the values of sources",
    options: initOptions,
    positionals: ["sources"],
    terminal: answering,
    examples: [
      ["portload init services.csv --out services.yaml --blueprints-out blueprints", "a mapping and a new blueprint"],
      ["portload init services.csv --blueprint blueprints/service.json", "for a blueprint that exists"],
    ],
    load: async () => (await import("./init.js")).init,
  }),
  command({
    name: "preview",
    group: authoring,
    summary: "Show the entities that a mapping makes, one JSON line each; needs no credentials",
    options: previewOptions,
    positionals: ["sources"],
    examples: [["portload preview services.csv -m services.yaml --limit 3", "the first three records"]],
    load: async () => (await import("./preview.js")).preview,
  }),
  command({
    name: "explain",
    group: authoring,
    summary: "Show what becomes of one record: cells, expressions, types, payload, what the catalog holds",
    options: explainOptions,
    positionals: ["source"],
    terminal: answering,
    examples: [["portload explain services.csv -m services.yaml --record 12", "the twelfth record"]],
    load: async () => (await import("./explain.js")).explain,
  }),
  command({
    name: "lint",
    group: authoring,
    summary: "Check mapping files offline, all faults at once; needs no credentials",
    options: lintOptions,
    positionals: ["mappings"],
    terminal: lintAnswering,
    examples: [
      ["portload lint mappings/*.yaml --blueprints samples/blueprints", "names and types, too"],
      ["portload lint services.yaml --source services.csv --output github", "columns, too; for a check in GitHub"],
    ],
    load: async () => (await import("./lint.js")).lint,
  }),
  command({
    name: "test",
    group: authoring,
    summary: "Run mapping tests (*.test.yaml): records in, entities or reject codes out; offline",
    options: testOptions,
    positionals: ["files"],
    terminal: answering,
    examples: [
      ["portload test mappings/*.test.yaml --junit results.xml", "every test, for a CI system"],
      ["portload test services.test.yaml --update", "rewrite what failing tests expect, and show it"],
    ],
    load: async () => (await import("./test.js")).test,
  }),
  command({
    name: "schema",
    group: authoring,
    summary: "Print the JSON Schema of mapping files, or of their tests, for editors",
    options: group("Output", { of: withDefault(oneOf("mapping", "test"), "mapping", "which files") }),
    positionals: ["of"],
    examples: [["portload schema > mapping.schema.json", "then name it in the mapping's first line"]],
    notes: "# yaml-language-server: $schema=./mapping.schema.json",
    load: async () => (await import("./schema.js")).schema,
  }),
  command({
    name: "doctor",
    group: catalog,
    summary: "Look at proxy, TLS, region, token, limits, clock and permissions; changes nothing",
    options: doctorOptions,
    positionals: [],
    terminal: answering,
    examples: [
      ["portload doctor -m inventory.yaml", "may these credentials read the blueprints of a mapping?"],
      ["portload doctor --probe service", "how does this organisation answer what Port's documents leave open?"],
    ],
    load: async () => (await import("./doctor.js")).doctor,
  }),
  command({
    name: "entity get",
    group: catalog,
    summary: "Read one entity",
    options: entityGetOptions,
    positionals: ["blueprint", "identifier"],
    examples: [["portload entity get service checkout | jq -r .entity.properties.version", "one value of it"]],
    notes: entityNotes(),
    load: async () => (await import("./entity.js")).get,
  }),
  command({
    name: "entity create",
    group: catalog,
    summary: "Write an entity that must not exist yet",
    options: entityWriteOptions,
    positionals: ["blueprint", "identifier"],
    examples: [["portload entity create deployment d-1 -p version=1.2.3 --relation service=checkout", "from flags"]],
    notes: entityNotes(),
    load: async () => (await import("./entity.js")).write("create"),
  }),
  command({
    name: "entity merge",
    group: catalog,
    summary: "Write an entity; of one that exists only what is given changes",
    options: entityWriteOptions,
    positionals: ["blueprint", "identifier"],
    examples: [["portload entity merge service checkout -p version=1.2.3", "a new version"]],
    notes: entityNotes(),
    load: async () => (await import("./entity.js")).write("merge"),
  }),
  command({
    name: "entity override",
    group: catalog,
    summary: "Write an entity; one that exists becomes exactly what is given",
    options: entityWriteOptions,
    positionals: ["blueprint", "identifier"],
    examples: [["portload entity override service checkout --file service.json", "from a file"]],
    notes: entityNotes(),
    load: async () => (await import("./entity.js")).write("override"),
  }),
  command({
    name: "entity delete",
    group: catalog,
    summary: "Delete one entity, or a list of them",
    options: entityDeleteOptions,
    positionals: ["blueprint", "identifiers"],
    examples: [["portload entity delete service - --max-delete 20 < gone.txt", "a list, one identifier a line"]],
    notes: entityNotes(),
    load: async () => (await import("./entity.js")).deleteNamed,
  }),
  command({
    name: "entity delete-all",
    group: catalog,
    summary: "Delete all entities of a blueprint, and wait until it is done",
    options: entityDeleteAllOptions,
    positionals: ["blueprint"],
    examples: [["portload entity delete-all scratch --delete-blueprint --yes", "and the blueprint"]],
    notes: entityNotes(),
    load: async () => (await import("./entity.js")).deleteAll,
  }),
  command({
    name: "entity export",
    group: catalog,
    summary: "Write all entities of blueprints as NDJSON, JSON or CSV, to import back",
    options: exportOptions,
    positionals: ["blueprints"],
    terminal: answering,
    examples: [
      [
        "portload entity export service --out services.csv --mapping-out services.yaml",
        "a file, and the mapping for it",
      ],
    ],
    load: async () => (await import("./entity-export.js")).exportCommand,
  }),
  command({
    name: "blueprint apply",
    group: catalog,
    summary: "Create or update blueprints from files",
    options: blueprintApplyOptions,
    positionals: ["files"],
    terminal: answering,
    examples: [["portload blueprint apply samples/blueprints", "every blueprint of a folder"]],
    load: async () => (await import("./blueprint.js")).apply,
  }),
  command({
    name: "demo",
    group: trying,
    summary: "Import the samples into a local emulator and show the report",
    options: group("Output", {
      keep: withDefault(flag, false, "keep the emulator running and show where its catalog page is, until Ctrl-C", {
        common: true,
      }),
    }),
    positionals: [],
    examples: [["portload demo --keep", "and look at what was imported in a browser"]],
    interrupted: "closes",
    load: async () => (await import("./demo.js")).demo,
  }),
  command({
    name: "emulator",
    group: trying,
    summary: "Run a local catalog that speaks Port's API, in memory",
    options: emulatorOptions,
    positionals: [],
    examples: [["portload emulator --blueprints samples/blueprints", "a catalog with these blueprints"]],
    notes: "Credentials: PORT_CLIENT_ID and PORT_CLIENT_SECRET, else portload and portload.",
    interrupted: "closes",
    load: async () => (await import("./emulator.js")).emulator,
  }),
  command({
    name: "completion",
    group: shell,
    summary: "Print a script that completes commands, flags and their values in bash, zsh or fish",
    options: group("Output", {
      shell: optional(oneOf("bash", "zsh", "fish"), "the shell; by default as $SHELL says"),
    }),
    positionals: ["shell"],
    examples: [
      ["echo 'source <(portload completion bash)' >> ~/.bashrc", "bash"],
      ["portload completion zsh > ~/.zsh/completions/_portload", "zsh, a folder of its $fpath"],
      ["portload completion fish > ~/.config/fish/completions/portload.fish", "fish"],
    ],
    load: async () => (await import("./completion.js")).completion,
  }),
];

/** What the first word of commands with two stands for. */
export const families: Readonly<Record<string, string>> = {
  entity: "Single operations on entities, for scripts and CI jobs",
  blueprint: "Operations on blueprints",
};

/** The command of the first words, the longest that fits. */
export function findCommand(words: readonly string[]): AnyCommand | undefined {
  const names = [words.slice(0, 2).join(" "), words[0]];
  return names.map((name) => commands.find((each) => each.name === name)).find((found) => found !== undefined);
}

function entityNotes(): string {
  return "The API's JSON goes to stdout. Exit codes: 0, 1 refused by the API, 3 not reached.";
}

async function toItsEnd<O>(
  recipe: Parameters<typeof import("./finished.js").toItsEnd<O>>[0],
  settings?: Parameters<typeof import("./finished.js").toItsEnd<O>>[1],
) {
  const finished = await import("./finished.js");
  return finished.toItsEnd(recipe, settings);
}

/** The id of an import, if the first word is one, and sources. */
function idThenSources(words: readonly string[]): Readonly<Record<string, unknown>> {
  const [first, ...rest] = words;
  const hasId = first !== undefined && importIdPattern.test(first);
  const sources = hasId ? rest : words;
  return { ...(hasId && { importId: first }), ...(sources.length > 0 && { sources }) };
}
