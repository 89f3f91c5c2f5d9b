import { emulatorOptions } from "../options/emulator.js";
import { flag, oneOf } from "../options/kinds.js";
import { group, optional, withDefault } from "../options/option.js";
import { authoringCommands } from "./authoring-commands.js";
import { catalogCommands } from "./catalog-commands.js";
import { type AnyCommand, command } from "./command.js";
import { loadCommands } from "./load-commands.js";

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
    load: async () => (await import("./demo.js")).demo,
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
