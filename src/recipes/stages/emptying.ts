import type { Blueprint } from "../../blueprint.js";
import type { Entity, EntityBody, FoundEntity } from "../../entity.js";
import { GuardError } from "../../errors.js";
import type { Mapping } from "../../map/mapping-file.js";
import {
  alwaysAllowed,
  countEmptying,
  defaultDeleteLimits,
  type Emptying,
  type EmptyingCount,
  isEmptyValue,
  percent,
  valuesByPath,
} from "../../plan/guards.js";
import type { Place } from "../../record.js";
import { sameValue } from "../../same-value.js";
import { type Change, writableFields } from "../../settle/compare.js";
import { valueAt } from "../../settle/trace.js";
import type { Warning } from "../../warning.js";
import type { Target } from "../target/target.js";
import { gathered, groupBy, lookUpsAhead, workAhead } from "./ahead.js";
import type { Entities, EntityStage } from "./entities.js";

/** Ends a run that would empty a field of too many entities. */
export interface EmptyingGuard extends Pick<EmptyingCount, "add"> {
  /** @throws {GuardError} once more is emptied than is allowed; it names the fields */
  judge(): void;
}

/** How a run is guarded. */
export interface Emptyings {
  /** Undefined where emptying is allowed. */
  readonly guard: EmptyingGuard | undefined;
  /** Of the entities that had a value, 0 to 1. */
  readonly share: number;
  /** Whether the mapping clears what is null. */
  readonly clears: boolean;
}

/** Opens the guard of a run. */
export function openEmptyingGuard(
  { entityDeletionThreshold, onNull, clear }: Pick<Mapping, "entityDeletionThreshold" | "onNull" | "clear">,
  { allowEmptying }: { readonly allowEmptying: boolean },
): Emptyings {
  const share = entityDeletionThreshold ?? defaultDeleteLimits.share;
  return { share, clears: onNull === "clear" || clear.length > 0, guard: allowEmptying ? undefined : guardOf(share) };
}

function guardOf(share: number): EmptyingGuard {
  const count = countEmptying(share);
  return {
    add: count.add,
    judge() {
      const excesses = count.excesses();
      if (excesses.length === 0) return;
      const lines = excesses.map(
        ({ blueprint, path, emptied, had }) =>
          `  ${blueprint}: ${path} of ${emptied} of the ${had} looked at that have a value (${percent(emptied / Math.max(1, had))})`,
      );
      throw new GuardError(`nothing more is written: fields would be emptied\n${lines.join("\n")}`, {
        hint: "Look at the source and the mapping: a column may be blank, renamed or not mapped. If it is right:",
        allowedBy: ["--allow-emptying"],
      });
    },
  };
}

/** Entities of one blueprint that are looked up for the fields they may empty. */
interface Look {
  readonly blueprint: string;
  readonly entities: readonly Entity[];
  /** Fields that may be emptied, and how many entities bring a value for each. */
  readonly fields: ReadonlyMap<string, number>;
}

/** Whether a run may empty fields that it is not allowed to empty: a merge does only where the mapping clears. */
export function mayEmpty({ rules: { mode } }: Target, { clears, guard }: Emptyings): boolean {
  return guard !== undefined && (mode === "override" || (mode === "merge" && clears));
}

/**
 * Guards an import, which does not compare, against emptying fields of entities that exist. Only what may be emptied is looked up: of a thousand entities those
 * that bring no value for a field which more than the share of them lack, and in override, for fields that no resource maps, the first thousand of a blueprint.
 * An import whose fields have values costs no request.
 */
export function guardEmptying(target: Target, { guard, share }: Emptyings): EntityStage {
  if (guard === undefined) return (entities) => entities;
  const seen = new Set<string>();
  const look = async (chunk: readonly Entity[]) => {
    const found: { readonly look: Look; readonly held: ReadonlyMap<string, FoundEntity> }[] = [];
    for (const one of looksOf(chunk, target, share, seen)) {
      const include = ["$identifier", ...[...one.fields.keys()].map((path) => path.slice(path.indexOf(".") + 1))];
      const names = one.entities.map(({ key }) => key.identifier);
      found.push({ look: one, held: await target.lookUp(one.blueprint, names, include) });
    }
    return { chunk, found };
  };
  return async function* (entities: Entities) {
    for await (const { chunk, found } of workAhead(gathered(entities), lookUpsAhead, look)) {
      for (const { look: of, held } of found) count(of, held, guard);
      guard.judge();
      yield chunk;
    }
  };
}

function count(
  { blueprint, entities, fields }: Look,
  held: ReadonlyMap<string, FoundEntity>,
  guard: EmptyingGuard,
): void {
  const emptied = new Map<string, number>();
  for (const entity of entities) {
    const found = held.get(entity.key.identifier);
    if (found === undefined) continue;
    const brought = new Set(
      [...valuesByPath(entity.body)].flatMap(([path, value]) => (isEmptyValue(value) ? [] : path)),
    );
    for (const [path, value] of valuesByPath(found))
      if (fields.has(path) && !isEmptyValue(value) && !brought.has(path))
        emptied.set(path, (emptied.get(path) ?? 0) + 1);
  }
  for (const [path, brought] of fields) {
    const lost = emptied.get(path) ?? 0;
    guard.add({ blueprint, path, emptied: lost, had: lost + brought });
  }
}

function* looksOf(chunk: readonly Entity[], { rules }: Target, share: number, seen: Set<string>): Generator<Look> {
  const named = chunk.filter(({ isNamed }) => isNamed);
  for (const [blueprint, entities] of groupBy(named, ({ key }) => key.blueprint)) {
    const definition = rules.blueprints.get(blueprint);
    if (definition === undefined || entities.length <= alwaysAllowed) continue;
    const brought = broughtBy(entities, rules.mode === "override");
    const mapped = rules.fieldsOf(blueprint);
    const isMapped = new Set([
      ...mapped.properties.map((key) => `properties.${key}`),
      ...mapped.relations.map((key) => `relations.${key}`),
    ]);
    const fields = new Map<string, number>();
    for (const path of fieldsToLose(definition)) {
      const { values, blanks } = brought.get(path) ?? {
        values: 0,
        blanks: rules.mode === "override" ? entities.length : 0,
      };
      const isAsked = isMapped.has(path) || !seen.has(blueprint);
      if (isAsked && blanks > alwaysAllowed && blanks > entities.length * share) fields.set(path, values);
    }
    seen.add(blueprint);
    if (fields.size === 0) continue;
    const lacking = entities.filter((entity) => {
      const values = new Map(valuesByPath(entity.body));
      return [...fields.keys()].some((path) => isEmptyValue(values.get(path)));
    });
    yield { blueprint, entities: lacking, fields };
  }
}

/** How many entities bring a value for each field, and how many would empty it; in merge an absent field is left as it is. */
function broughtBy(entities: readonly Entity[], isOverride: boolean) {
  const fields = new Map<string, { values: number; blanks: number }>();
  for (const { body } of entities)
    for (const [path, value] of valuesByPath(body)) {
      const field = fields.get(path) ?? { values: 0, blanks: 0 };
      fields.set(path, field);
      if (isEmptyValue(value)) field.blanks++;
      else field.values++;
    }
  if (isOverride) for (const field of fields.values()) field.blanks = entities.length - field.values;
  return fields;
}

/** Fields that can be written, and that no default of the blueprint fills in again. */
function fieldsToLose(blueprint: Blueprint): readonly string[] {
  const { properties, relations } = writableFields(blueprint);
  const isFilled = (key: string): boolean => blueprint.schema.properties[key]?.default !== undefined;
  return [
    ...properties.flatMap((key) => (isFilled(key) ? [] : [`properties.${key}`])),
    ...relations.map((key) => `relations.${key}`),
  ];
}

/** The fields that differences would empty, and how many of the entities found have a value in them. */
export function emptiedIn(
  { identifier: blueprint, schema }: Blueprint,
  found: ReadonlyMap<string, FoundEntity>,
  differences: readonly { readonly changes: readonly Change[] }[],
): readonly Emptying[] {
  const emptied = new Map<string, number>();
  for (const { path, before, after } of differences.flatMap(({ changes }) => changes)) {
    const [group, key = ""] = [path.slice(0, path.indexOf(".")), path.slice(path.indexOf(".") + 1)];
    const isFilled = group === "properties" && schema.properties[key]?.default !== undefined;
    if (group !== "" && !isFilled && !isEmptyValue(before) && isEmptyValue(after))
      emptied.set(path, (emptied.get(path) ?? 0) + 1);
  }
  const had = new Map<string, number>();
  for (const entity of found.values())
    for (const [path, value] of valuesByPath(entity)) if (!isEmptyValue(value)) had.set(path, (had.get(path) ?? 0) + 1);
  return [...had].map(([path, count]) => ({ blueprint, path, emptied: emptied.get(path) ?? 0, had: count }));
}

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
