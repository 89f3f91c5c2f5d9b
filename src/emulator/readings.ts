import { z } from "zod";
import { UsageError } from "../errors.js";
import type { Readings } from "./emulator-options.js";

/**
 * Where no source states Port's behaviour, which reading the emulator follows. The first value of each is the likeliest.
 */
export const readings = z.strictObject({
  bulkAllFailed: z.literal([207, 200]).default(207).describe("status of a bulk write of which every item failed"),
  bulkPartialOk: z.boolean().default(true).describe("`ok` of a bulk reply with status 207"),
  bulkSchema: z
    .enum(["call", "item"])
    .default("call")
    .describe("an item that breaks the route's schema fails the whole call, as the published schema says, or itself"),
  bulkVisibility: z
    .enum(["earlier", "none"])
    .default("earlier")
    .describe(
      "relations and queries of a bulk item see those before it in the call, or only those there before the call",
    ),
  repeatedItem: z
    .enum(["update", "reject"])
    .default("update")
    .describe(
      "an identifier that a bulk call holds twice: the later item changes what the earlier one wrote, or fails",
    ),
  identifierQuery: z
    .enum(["item", "call"])
    .default("item")
    .describe("a query in place of an identifier that finds none or several fails its bulk item, or the whole call"),
  updateStatus: z.literal([200, 201]).default(200).describe("status of an upsert that updates"),
  unknownProperty: z
    .enum(["drop", "reject", "store"])
    .default("drop")
    .describe("what becomes of a property that the blueprint lacks"),
  nullField: z
    .enum(["clear", "reject"])
    .default("clear")
    .describe("null as title, icon or team clears it, or breaks the route's schema; a PATCH always takes it"),
  unlistedType: z
    .enum(["reject", "accept"])
    .default("reject")
    .describe("a blueprint's property with a type or format that the API description lacks, as `integer` or `date`"),
  formats: z
    .enum(["port", "all", "off"])
    .default("port")
    .describe("formats enforced: date-time, url, email, ip; these and timer; none"),
  overrideDefaults: z
    .boolean()
    .default(false)
    .describe("an override that leaves a property out sets its default again"),
  nullProperty: z.enum(["store", "remove"]).default("store").describe("a null property is kept as null or removed"),
  mergeDepth: z
    .enum(["key", "deep"])
    .default("key")
    .describe("a merge replaces an object property as a whole, or merges it key by key, all the way down"),
  scalarForMany: z.enum(["wrap", "reject"]).default("wrap").describe("a string for a relation that holds many"),
  arrayForSingle: z
    .enum(["accept", "reject"])
    .default("accept")
    .describe("an array of exactly one for a relation that holds one"),
  duplicateTargets: z.enum(["keep", "dedupe"]).default("keep").describe("the same target twice in one relation"),
  unknownRelation: z.literal([404, 422]).default(404).describe("status of a relation that the blueprint lacks"),
  selfTarget: z
    .enum(["missing", "exists"])
    .default("missing")
    .describe("whether an entity that is created may point at itself"),
  deleteUnknown: z.enum(["omit", "reject"]).default("omit").describe("identifiers of a bulk delete that do not exist"),
  dependentsStatus: z.literal([403, 422]).default(403).describe("status of `has_dependents`"),
  dependents: z
    .enum(["required", "any"])
    .default("required")
    .describe("relations that make the entity that holds them a dependent, which blocks a deletion"),
  deletedTarget: z
    .enum(["unset", "dangling"])
    .default("unset")
    .describe("what becomes of optional relations to an entity that is deleted"),
  deleteAllRefusedBy: z
    .enum(["either", "own", "incoming"])
    .default("either")
    .describe("required relations that forbid to delete all: those of the blueprint, those that point at it, both"),
  migrationPolls: z
    .int()
    .min(0)
    .default(1)
    .describe("how often a migration is reported as running before it is reported as ended"),
  migrationEnds: z
    .enum(["COMPLETED", "FAILURE", "CANCELLED"])
    .default("COMPLETED")
    .describe("how a deletion of all ends; except for `COMPLETED`, nothing is deleted"),
  deletionVisible: z
    .enum(["start", "end"])
    .default("start")
    .describe("a deletion of all shows when its migration starts, or only when that is reported as ended"),
  retryAfter: z.boolean().default(false).describe("whether a 429 carries `Retry-After`"),
  resetUnit: z
    .enum(["epoch", "seconds"])
    .default("epoch")
    .describe("`x-ratelimit-reset` in seconds since 1970, or from now"),
  expiresIn: z
    .enum(["remaining", "full"])
    .default("remaining")
    .describe("`expiresIn` of a token that is handed out again"),
  validationBody: z.enum(["entity", "ok"]).default("entity").describe("body of a successful `validation_only`"),
  teamWithoutOwnership: z
    .enum(["store", "ignore"])
    .default("store")
    .describe("a team on a blueprint without ownership"),
  unknownTeam: z
    .enum(["reject", "accept"])
    .default("reject")
    .describe("a team that is no entity of `_team`, on a blueprint with direct ownership"),
  inheritedTeamCode: z
    .enum(["inherited_ownership_enabled", "team_inheritance_enabled"])
    .default("inherited_ownership_enabled")
    .describe("code of a team written to a blueprint that inherits it"),
  titleOmitted: z
    .enum(["null", "absent", "identifier"])
    .default("null")
    .describe("title of an entity that was given none"),
  queryWithoutMatch: z
    .enum(["null", "reject"])
    .default("null")
    .describe("a relation query without a match, on an optional relation"),
  protectedStatus: z.literal([403, 422]).default(403).describe("status of a write to a protected blueprint"),
  unknownRun: z.enum(["reject", "accept"]).default("reject").describe("a `run_id` that no run has"),
  apostrophe: z.boolean().default(true).describe("whether identifiers may hold an apostrophe, as since August 2026"),
});
/** The likeliest reading of each. */
export const likeliestReadings: Readings = readings.parse({});

/** Adds the likeliest of each that is not given; a whole set stays the object that it is. */
export function withLikeliest(given: Partial<Readings> = {}): Readings {
  return isWhole(given) ? given : { ...likeliestReadings, ...given };
}

function isWhole(given: Partial<Readings>): given is Readings {
  return Object.keys(likeliestReadings).every((key) => Object.hasOwn(given, key));
}

/** Of each reading every value it can have, the likeliest first; of a number those that differ in what a client must do. */
export const readingValues = Object.fromEntries(
  Object.entries(readings.shape).map(([key, schema]) => [key, valuesOf(schema.unwrap(), schema.def.defaultValue)]),
) as unknown as { readonly [Key in keyof Readings]: readonly Readings[Key][] };

function valuesOf(schema: z.ZodType, likeliest: unknown): readonly unknown[] {
  if (schema instanceof z.ZodLiteral) return [...schema.values];
  if (schema instanceof z.ZodEnum) return schema.options;
  return schema instanceof z.ZodBoolean ? [likeliest, !likeliest] : [likeliest, 0, 3];
}

/**
 * Reads pairs such as `bulkAllFailed=200`.
 *
 * @throws {UsageError} for a reading that does not exist, or a value that it cannot have
 */
export function parseReadings(pairs: readonly string[]): Partial<Readings> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const [key = "", text = ""] = pair.split("=", 2);
      const values: readonly unknown[] | undefined = Object.hasOwn(readingValues, key)
        ? readingValues[key as keyof Readings]
        : undefined;
      if (values === undefined)
        throw new UsageError(`--reading ${pair}: there is no reading "${key}"`, {
          hint: `There are: ${Object.keys(readingValues).join(", ")}.`,
        });
      const value =
        key === "migrationPolls" && /^\d+$/.test(text) ? Number(text) : values.find((one) => `${one}` === text);
      if (value === undefined) throw new UsageError(`--reading ${pair}: ${key} is one of ${values.join(", ")}`);
      return [key, value];
    }),
  );
}
