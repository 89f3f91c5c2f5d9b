import type { Entity, EntityBody, FoundEntity } from "../../entity.js";
import type { Mapping } from "../../map/mapping-file.js";
import { isEmptyValue } from "../../plan/guards.js";
import type { Place } from "../../record.js";
import { sameValue } from "../../same-value.js";
import { valueAt } from "../../settle/trace.js";
import type { Warning } from "../../warning.js";
import type { Target } from "../target/target.js";

/** Counts the values that stay in the catalog although the sources have none, as `onNull: omit` says. */
export interface KeptValues {
  /** @param body - with what is cleared apart */
  add(entity: Entity, body: EntityBody, held: FoundEntity): void;
  /** One for each field of a blueprint. */
  warnings(): readonly Warning[];
}

/** Opens the count of a sync. Fields under `omit` are not counted: there the mapping names them. Only a merge keeps values. */
export function countKept(
  mapping: Pick<Mapping, "onNull" | "clear" | "omit" | "reject" | "resources">,
  { rules: { mode, blueprints } }: Target,
): KeptValues {
  const listed = new Set([...mapping.clear, ...mapping.omit, ...mapping.reject]);
  const keeps = mode === "merge" && mapping.onNull === "omit";
  const fields = (keeps ? mapping.resources : []).map(({ entity, properties, relations }) =>
    [
      ...(["title", "icon", "team"] as const).filter((key) => entity[key] !== undefined),
      ...properties.map((key) => `properties.${key}`),
      ...relations.map((key) => `relations.${key}`),
    ].filter((path) => !listed.has(path)),
  );
  const kept = new Map<string, { blueprint: string; path: string; count: number; first: Place }>();
  return {
    add({ key: { blueprint }, at, resource, parts = [] }, body, held) {
      const schema = blueprints.get(blueprint)?.schema.properties ?? {};
      for (const path of new Set([resource, ...parts.map((part) => part.resource)].flatMap((of) => fields[of] ?? []))) {
        const before = valueAt(held, path);
        if (isEmptyValue(before) || valueAt(body, path) !== undefined) continue;
        const property = path.startsWith("properties.") ? schema[path.slice("properties.".length)] : undefined;
        // Port fills these itself.
        if (property?.default !== undefined && sameValue(before, property.default, property)) continue;
        const name = `${blueprint} ${path}`;
        const known = kept.get(name);
        if (known === undefined) kept.set(name, { blueprint, path, count: 1, first: at });
        else known.count++;
      }
    },
    warnings() {
      const paths = [...new Set([...kept.values()].map(({ path }) => path))];
      const named = (path: string): string => (/^[\w.$-]+$/.test(path) ? path : JSON.stringify(path));
      const line = (policy: "clear" | "omit"): string =>
        `${policy}: [${[...mapping[policy], ...paths].map(named).join(", ")}]`;
      const message = `the source has no value, and the catalog keeps its own; to empty it, write at the top level of the mapping: ${line("clear")}; if it is to stay: ${line("omit")}`;
      return [...kept.values()].map((one) => ({ code: "value_kept", message, ...one }));
    },
  };
}
