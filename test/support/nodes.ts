import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Blueprint } from "../../src/blueprint.js";
import type { Emulator } from "../../src/emulator/emulator.js";
import type { ImportOptions } from "../../src/options/run.js";
import { runImport } from "../../src/recipes/import.js";
import type { ImportContext } from "../../src/recipes/run/connect.js";
import { blueprintOf, envOf, makeFolder, type OnDisk, shownTitle } from "./catalog.js";

/** A blueprint with a number, a relation to one of its own and one to many. */
export const nodeBlueprint: Blueprint = blueprintOf("node", {
  schema: { properties: { weight: { type: "number" } } },
  relations: { parent: { target: "node" }, friends: { target: "node", many: true } },
});

/** A node as a record has it. */
export interface Node {
  readonly id: string;
  readonly parent?: string;
  readonly friends?: readonly string[];
  readonly weight?: number | string;
}

/** A mapping of one kind into `node`, and a source of these records, in a folder of their own, which is the state folder too. */
export async function nodeImport(nodes: readonly Node[], more = "", resource = ""): Promise<OnDisk<ImportOptions>> {
  const folder = await makeFolder();
  await writeNodes(folder, nodes);
  await writeFile(
    join(folder, "nodes.yaml"),
    `${more}
resources:
  - kind: nodes
${resource}
    port:
      entity:
        mappings:
          identifier: .id
          blueprint: '"node"'
          properties: { weight: .weight }
          relations: { parent: .parent, friends: .friends }
`,
  );
  return { sources: [join(folder, "nodes.ndjson")], mapping: join(folder, "nodes.yaml"), stateDir: folder };
}

/** Writes the source of {@link nodeImport} again. */
export async function writeNodes(folder: string, nodes: readonly Node[]): Promise<void> {
  await writeFile(join(folder, "nodes.ndjson"), nodes.map((node) => `${JSON.stringify(node)}\n`).join(""));
}

/** The catalog as far as an import decides it, whatever the order of its writes. */
export function catalogOf({ store }: Pick<Emulator, "store">): readonly unknown[] {
  return store
    .blueprints()
    .flatMap(({ identifier: blueprint }) =>
      store.entities(blueprint).map(({ identifier, title, team, properties, relations }) => ({
        ...{ blueprint, identifier, title: shownTitle({ identifier, title }), team, properties },
        relations: Object.fromEntries(
          Object.entries(relations).filter(([, held]) => held !== null && held?.length !== 0),
        ),
      })),
    )
    .sort((a, b) => (`${a.blueprint}/${a.identifier}` < `${b.blueprint}/${b.identifier}` ? -1 : 1));
}

/** Numbers that only look like chance, the same for the same seed. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 4_294_967_296;
  };
}

/** Nodes of which one in a hundred is refused for its weight, each below another one. */
export const nodes = (count: number): readonly Node[] =>
  Array.from({ length: count }, (_, i) => ({
    id: `n${i}`,
    weight: i % 100 === 7 ? "heavy" : i,
    parent: `n${(i * 7) % count}`,
  }));

/** Starts an import and interrupts it after so many bulk requests. */
export async function interrupted(
  emulator: Emulator,
  given: ImportOptions,
  after: number,
  context: ImportContext = {},
) {
  const stop = new AbortController();
  const look = setInterval(() => emulator.stats().families.bulk.accepted >= after && stop.abort(), 1);
  const finished = runImport({ ...given, concurrency: 2 }, { env: envOf(emulator), signal: stop.signal, ...context });
  return finished.finally(() => clearInterval(look));
}
