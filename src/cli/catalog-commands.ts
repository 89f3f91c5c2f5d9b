import {
  blueprintApplyOptions,
  doctorOptions,
  entityDeleteAllOptions,
  entityDeleteOptions,
  entityGetOptions,
  entityWriteOptions,
  exportOptions,
} from "../options/catalog.js";
import { type AnyCommand, command } from "./command.js";
import { answering } from "./output.js";

const heading = "Work on the catalog";
const entityNotes = "The API's JSON goes to stdout. Exit codes: 0, 1 refused by the API, 3 not reached.";

/** Commands that work on the catalog itself. */
export const catalogCommands: readonly AnyCommand[] = [
  command({
    name: "doctor",
    group: heading,
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
    group: heading,
    summary: "Read one entity",
    options: entityGetOptions,
    positionals: ["blueprint", "identifier"],
    examples: [["portload entity get service checkout | jq -r .entity.properties.version", "one value of it"]],
    notes: entityNotes,
    load: async () => (await import("./entity.js")).get,
  }),
  command({
    name: "entity create",
    group: heading,
    summary: "Write an entity that must not exist yet",
    options: entityWriteOptions,
    positionals: ["blueprint", "identifier"],
    examples: [["portload entity create deployment d-1 -p version=1.2.3 --relation service=checkout", "from flags"]],
    notes: entityNotes,
    load: async () => (await import("./entity.js")).write("create"),
  }),
  command({
    name: "entity merge",
    group: heading,
    summary: "Write an entity; of one that exists only what is given changes",
    options: entityWriteOptions,
    positionals: ["blueprint", "identifier"],
    examples: [["portload entity merge service checkout -p version=1.2.3", "a new version"]],
    notes: entityNotes,
    load: async () => (await import("./entity.js")).write("merge"),
  }),
  command({
    name: "entity override",
    group: heading,
    summary: "Write an entity; one that exists becomes exactly what is given",
    options: entityWriteOptions,
    positionals: ["blueprint", "identifier"],
    examples: [["portload entity override service checkout --file service.json", "from a file"]],
    notes: entityNotes,
    load: async () => (await import("./entity.js")).write("override"),
  }),
  command({
    name: "entity delete",
    group: heading,
    summary: "Delete one entity, or a list of them",
    options: entityDeleteOptions,
    positionals: ["blueprint", "identifiers"],
    examples: [["portload entity delete service - --max-delete 20 < gone.txt", "a list, one identifier a line"]],
    notes: entityNotes,
    load: async () => (await import("./entity.js")).deleteNamed,
  }),
  command({
    name: "entity delete-all",
    group: heading,
    summary: "Delete all entities of a blueprint, and wait until it is done",
    options: entityDeleteAllOptions,
    positionals: ["blueprint"],
    examples: [["portload entity delete-all scratch --delete-blueprint --yes", "and the blueprint"]],
    notes: entityNotes,
    load: async () => (await import("./entity.js")).deleteAll,
  }),
  command({
    name: "entity export",
    group: heading,
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
    group: heading,
    summary: "Create or update blueprints from files",
    options: blueprintApplyOptions,
    positionals: ["files"],
    terminal: answering,
    examples: [["portload blueprint apply samples/blueprints", "every blueprint of a folder"]],
    load: async () => (await import("./blueprint.js")).apply,
  }),
];
