import {
  explainOptions,
  initOptions,
  lintOptions,
  previewOptions,
  studioOptions,
  testOptions,
} from "../options/authoring.js";
import { oneOf } from "../options/kinds.js";
import { group, withDefault } from "../options/option.js";
import { type AnyCommand, command } from "./command.js";
import { answering, lintAnswering } from "./output.js";

const heading = "Write a mapping";

/** Commands for whoever writes a mapping. */
export const authoringCommands: readonly AnyCommand[] = [
  command({
    name: "init",
    group: heading,
    summary: "Propose a commented mapping, and a blueprint, from the values of sources",
    options: initOptions,
    positionals: ["sources"],
    terminal: answering,
    examples: [
      ["portload init services.csv --out services.yaml --blueprints-out blueprints", "a mapping and a new blueprint"],
      ["portload init services.csv --blueprint blueprints/service.json", "for a blueprint that exists"],
    ],
    load: async () => (await import("./authoring.js")).init,
  }),
  command({
    name: "preview",
    group: heading,
    summary: "Show the entities that a mapping makes, one JSON line each; needs no credentials",
    options: previewOptions,
    positionals: ["sources"],
    examples: [["portload preview services.csv -m services.yaml --limit 3", "the first three records"]],
    load: async () => (await import("./authoring.js")).preview,
  }),
  command({
    name: "explain",
    group: heading,
    summary: "Show what becomes of one record: cells, expressions, types, payload, what the catalog holds",
    options: explainOptions,
    positionals: ["source"],
    terminal: answering,
    examples: [["portload explain services.csv -m services.yaml --record 12", "the twelfth record"]],
    load: async () => (await import("./authoring.js")).explain,
  }),
  command({
    name: "studio",
    group: heading,
    summary: "Make a mapping by looking: source, mapping and entities on one page in your browser",
    options: studioOptions,
    positionals: ["sources"],
    examples: [
      ["portload studio services.csv", "starts from a proposal"],
      ["portload studio services.csv -m services.yaml", "goes on with a mapping"],
      ["portload studio", "with what portload.config.yaml names, or the files of this folder to choose among"],
    ],
    interrupted: "closes",
    load: async () => (await import("./studio.js")).studio,
  }),
  command({
    name: "lint",
    group: heading,
    summary: "Check mapping files offline, all faults at once; needs no credentials",
    options: lintOptions,
    positionals: ["mappings"],
    terminal: lintAnswering,
    examples: [
      ["portload lint mappings/*.yaml --blueprints samples/blueprints", "names and types, too"],
      ["portload lint services.yaml --source services.csv --output github", "columns, too; for a check in GitHub"],
    ],
    load: async () => (await import("./authoring.js")).lint,
  }),
  command({
    name: "test",
    group: heading,
    summary: "Run mapping tests (*.test.yaml): records in, entities or reject codes out; offline",
    options: testOptions,
    positionals: ["files"],
    terminal: answering,
    examples: [
      ["portload test mappings/*.test.yaml --junit results.xml", "every test, for a CI system"],
      ["portload test services.test.yaml --update", "rewrite what failing tests expect, and show it"],
    ],
    load: async () => (await import("./authoring.js")).test,
  }),
  command({
    name: "schema",
    group: heading,
    summary: "Print the JSON Schema of mapping files, or of their tests, for editors",
    options: group("Output", { of: withDefault(oneOf("mapping", "test"), "mapping", "which files") }),
    positionals: ["of"],
    examples: [["portload schema > mapping.schema.json", "then name it in the mapping's first line"]],
    notes: "# yaml-language-server: $schema=./mapping.schema.json",
    load: async () => (await import("./authoring.js")).schema,
  }),
];
