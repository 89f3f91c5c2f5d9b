import { type Client, type ClientOptions, createClient } from "../../api/client.js";
import type { Blueprint } from "../../blueprint.js";
import { namesIn, namesOf, type Target } from "../../init/find-relations.js";
import type { Survey } from "../../init/survey.js";

/** Names that one search asks for. */
const maxNames = 1000;

/**
 * Asks the catalog which of the names in surveyed sources are entities of it, by identifier, title and e-mail address.
 *
 * One search for each blueprint and each thousand names; nothing is written.
 *
 * @throws {ApiError | AuthError} when the API cannot be used
 */
export async function catalogTargets(surveys: readonly Survey[], options: ClientOptions): Promise<Target[]> {
  const names = [...new Set(surveys.flatMap((survey) => survey.fields.flatMap((field) => partsOf(namesIn(field)))))];
  const client = createClient(options);
  try {
    const targets: Target[] = [];
    for (const blueprint of await client.listBlueprints()) {
      const keys = await keysOf(client, blueprint, names);
      if (keys.length > 0) targets.push({ blueprint: blueprint.identifier, from: blueprint.title ?? "", keys });
    }
    return targets;
  } finally {
    await client.close();
  }
}

/** Names alone, and the parts of lists. */
function partsOf(texts: readonly string[]): string[] {
  return texts.flatMap((text) =>
    (/[;|,]/.test(text) ? [text, ...text.split(/[;|,]/)] : [text]).map((each) => each.trim()),
  );
}

async function keysOf(client: Client, blueprint: Blueprint, names: readonly string[]): Promise<Target["keys"]> {
  const addresses = Object.entries(blueprint.schema.properties).flatMap(([key, { type, format }]) =>
    type === "string" && (format === "email" || format === "user") ? [key] : [],
  );
  const found = new Map<string, Set<string>>(["$identifier", "$title", ...addresses].map((key) => [key, new Set()]));
  for (let at = 0; at < names.length; at += maxNames) {
    const value = names.slice(at, at + maxNames);
    const rules = [...found.keys()].map((property) => ({ property, operator: "in", value }));
    let from: string | undefined;
    do {
      const page = await client.search(blueprint.identifier, {
        query: { combinator: "or", rules },
        include: ["$identifier", "$title", ...addresses],
        limit: maxNames,
        ...(from !== undefined && { from }),
      });
      for (const { identifier, title, properties } of page.entities) {
        found.get("$identifier")?.add(identifier);
        if (typeof title === "string") found.get("$title")?.add(title);
        for (const [key, value] of Object.entries(properties ?? {}))
          if (addresses.includes(key) && typeof value === "string") found.get(key)?.add(value);
      }
      from = page.next === from ? undefined : page.next;
    } while (from !== undefined);
  }
  return [...found].flatMap(([property, values]) => (values.size === 0 ? [] : [{ ...namesOf(values), property }]));
}
