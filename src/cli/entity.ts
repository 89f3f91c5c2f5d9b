import type { Mode } from "../entity.js";
import { UsageError } from "../errors.js";
import { deleteByName } from "../recipes/entity/delete.js";
import { deleteAllEntities } from "../recipes/entity/delete-all.js";
import {
  entityDeleteAllOptions,
  entityDeleteOptions,
  entityGetOptions,
  entityWriteOptions,
} from "../recipes/entity/options.js";
import { getEntity, writeEntity } from "../recipes/entity/write.js";
import type { Command } from "./command.js";
import { askDeleteAll, entityVerb } from "./entity-command.js";
import { exportCommand } from "./entity-export.js";
import type { Terminal } from "./terminal.js";

const ioOf = ({ env, stdin, signal }: Terminal) => ({ env, stdin, signal });

const getCommand = entityVerb({
  name: "get <blueprint> <identifier>",
  describe: "Read one entity",
  options: entityGetOptions,
  positionals: ["blueprint", "identifier"],
  switches: ["attachTitles"],
  examples: [["$0 entity get service checkout | jq -r .entity.properties.version", "one value of it"]],
  run: (options, terminal) => getEntity(options, ioOf(terminal)),
});

const writeCommand = (mode: Mode, describe: string, example: readonly [string, string]): Command =>
  entityVerb({
    name: `${mode} <blueprint> [identifier]`,
    describe,
    options: entityWriteOptions,
    positionals: ["blueprint", "identifier"],
    switches: ["createMissing", "dryRun"],
    examples: [example],
    run: (options, terminal) => writeEntity(mode, options, ioOf(terminal)),
  });

const deleteCommand = entityVerb({
  name: "delete <blueprint> <identifiers..>",
  describe: "Delete one entity, or a list of them",
  options: entityDeleteOptions,
  positionals: ["blueprint", "identifiers"],
  switches: ["deleteDependents"],
  examples: [["$0 entity delete service - --max-delete 20 < gone.txt", "a list, one identifier a line"]],
  run: (options, terminal) => deleteByName(options, ioOf(terminal)),
});

const deleteAllCommand = entityVerb({
  name: "delete-all <blueprint>",
  describe: "Delete all entities of a blueprint, and wait until it is done",
  options: entityDeleteAllOptions,
  positionals: ["blueprint"],
  switches: ["deleteBlueprint", "yes"],
  examples: [["$0 entity delete-all scratch --delete-blueprint --yes", "and the blueprint"]],
  run: (options, terminal) =>
    deleteAllEntities(options, { ...ioOf(terminal), ask: (question) => askDeleteAll(terminal, question) }),
});

const verbs: readonly Command[] = [
  getCommand,
  writeCommand("create", "Write an entity that must not exist yet", [
    "$0 entity create deployment d-1 --property version=1.2.3 --relation service=checkout",
    "from flags",
  ]),
  writeCommand("merge", "Write an entity; of one that exists only what is given changes", [
    "$0 entity merge service checkout --property version=1.2.3",
    "a new version",
  ]),
  writeCommand("override", "Write an entity; one that exists becomes exactly what is given", [
    "$0 entity override service checkout --file service.json",
    "from a file",
  ]),
  deleteCommand,
  deleteAllCommand,
  exportCommand,
];

/** `portload entity …`: the API's single operations, for scripts and CI jobs. */
export const entityCommand: Command = {
  name: "entity",
  describe: "Single operations on entities, for scripts and CI jobs",
  commands: verbs,
  build: (parser) =>
    parser
      .demandCommand(1, "Name what to do with entities.")
      .epilogue("The API's JSON goes to stdout. Exit codes: 0, 1 refused by the API, 3 not reached."),
  run: () => Promise.reject(new UsageError("Name what to do with entities.", { hint: "See portload entity --help." })),
};
