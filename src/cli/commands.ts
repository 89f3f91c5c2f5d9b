import {
  explainOptions,
  initOptions,
  lintOptions,
  previewOptions,
  studioOptions,
  testOptions,
} from "../options/authoring.js";
import { emulatorOptions } from "../options/catalog.js";
import { flag, oneOf } from "../options/kinds.js";
import { group, optional, withDefault } from "../options/option.js";
import { catalogCommands } from "./catalog-commands.js";
import { type AnyCommand, answering, command, lintAnswering } from "./command.js";
import { loadCommands } from "./load-commands.js";

const heading = "Write a mapping";

/** Commands for whoever writes a mapping. */
const authoringCommands: readonly AnyCommand[] = [
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
      ["portload studio services.csv -m services.yaml", "continues with a mapping"],
      ["portload studio", "with what portload.config.yaml names, or the files of this folder to choose among"],
    ],
    interrupted: "closes",
    load: async () => (await import("./authoring.js")).studio,
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

/** Lines that install a shell's completion. The script is kept in a file: a start of the shell elsewhere would not find what npx finds here. */
const completionInstall = {
  bash: "portload completion bash > ~/.portload.bash && echo 'source ~/.portload.bash' >> ~/.bashrc",
  zsh: "portload completion zsh > ~/.portload.zsh && echo 'source ~/.portload.zsh' >> ~/.zshrc",
  fish: "mkdir -p ~/.config/fish/conf.d && portload completion fish > ~/.config/fish/conf.d/portload.fish",
};

/** Every command, in the order of help. */
export const commands: readonly AnyCommand[] = [
  ...loadCommands,
  ...authoringCommands,
  ...catalogCommands,
  command({
    name: "demo",
    group: "Try it",
    summary: "Import the samples into a local emulator and show the report",
    options: group("Output", {
      keep: withDefault(flag, false, "keep the emulator running and show where its catalog page is, until Ctrl-C", {
        common: true,
      }),
    }),
    positionals: [],
    examples: [["portload demo --keep", "and look at what was imported in a browser"]],
    interrupted: "closes",
    load: async () => (await import("./emulator.js")).demo,
  }),
  command({
    name: "emulator",
    group: "Try it",
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
    group: "Shell",
    summary: "Print a script that completes commands, flags and their values in bash, zsh or fish",
    options: group("Output", {
      shell: optional(oneOf("bash", "zsh", "fish"), "the shell; by default as $SHELL says"),
    }),
    positionals: ["shell"],
    examples: Object.entries(completionInstall).map(([shell, line]) => [line, shell] as const),
    load: async () => (await import("./completion.js")).completion(completionInstall),
  }),
];

/** What the first word of commands with two means. */
export const families: Readonly<Record<string, string>> = {
  entity: "Single operations on entities, for scripts and CI jobs",
  blueprint: "Operations on blueprints",
};

/** The command of the first words, the longest that fits. */
export function findCommand(words: readonly string[]): AnyCommand | undefined {
  const names = [words.slice(0, 2).join(" "), words[0]];
  return names.map((name) => commands.find((each) => each.name === name)).find((found) => found !== undefined);
}
