import { readFile } from "node:fs/promises";
import { resolveApiUrl } from "../../api/addresses.js";
import { createClient } from "../../api/client.js";
import type { Blueprint } from "../../blueprint.js";
import { CredentialsError, UsageError } from "../../errors.js";
import type { StudioOptions } from "../../options/authoring.js";
import { type BoundSource, bindSources } from "../../read/bind.js";
import { proposeMapping } from "../init.js";
import { clientOptionsOf } from "../run/client-options.js";
import { kindsOf, type Picked } from "./found.js";

/** What a studio begins with. */
export interface StudioStart {
  readonly mapping: string;
  /** Where the mapping is saved unless another name is given. */
  readonly file: string;
  /** True where the mapping is the proposal and lies nowhere yet. */
  readonly isProposed: boolean;
  readonly questions: readonly string[];
  readonly sources: readonly { readonly name: string; readonly kind: string }[];
}

/** What a studio is opened with. */
export type StudioGiven = Picked & Pick<StudioOptions, "blueprints" | "apiUrl">;

/** What is known of the catalog. */
export interface CatalogFacts {
  /** Address of the API. */
  readonly target: string;
  readonly hasCredentials: boolean;
  /** Identifiers of its blueprints; none without credentials. */
  readonly blueprints: Set<string>;
}

/** The catalog's blueprints, where there are credentials to ask with. */
export async function askCatalog(
  { apiUrl }: StudioGiven,
  env: Readonly<Record<string, string | undefined>>,
): Promise<CatalogFacts & { readonly held: readonly Blueprint[] }> {
  const address = apiUrl === undefined ? {} : { apiUrl };
  const target = resolveApiUrl({ env, ...address });
  try {
    const client = createClient(clientOptionsOf(address, env));
    try {
      const held = await client.listBlueprints();
      const blueprints = new Set(held.map(({ identifier }) => identifier));
      return {
        target,
        hasCredentials: true,
        blueprints,
        held: held.filter(({ identifier }) => !identifier.startsWith("_")),
      };
    } finally {
      await client.close();
    }
  } catch (error) {
    if (!(error instanceof CredentialsError)) throw error;
    return { target, hasCredentials: false, blueprints: new Set(), held: [] };
  }
}

/** Reads the mapping, or proposes one, and binds the sources to its kinds. */
export async function beginStudio(options: StudioGiven, env: Readonly<Record<string, string | undefined>>) {
  if (options.mapping !== undefined) {
    const mapping = await readFile(options.mapping, "utf8").catch((cause: Error) => {
      throw new UsageError(`-m ${options.mapping}: ${cause.message}`, { cause });
    });
    const sources = await bound(options.sources, kindsOf(mapping, options.mapping));
    return {
      start: { mapping, file: options.mapping, isProposed: false, questions: [], sources },
      sources,
      proposed: [],
    };
  }
  const { mapping, blueprints, questions } = await proposeMapping({ sources: [...options.sources] }, env);
  const sources = await bound(options.sources, kindsOf(mapping, "mapping.yaml"));
  const file = `${sources[0]?.kind ?? "mapping"}.yaml`;
  return { start: { mapping, file, isProposed: true, questions, sources }, sources, proposed: blueprints };
}

async function bound(args: readonly string[], kinds: readonly string[]): Promise<readonly BoundSource[]> {
  return (await bindSources(args, kinds)).sources;
}
