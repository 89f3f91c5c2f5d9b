import type { Place } from "../../record.js";

/** What a proposal makes of its own sample. */
export interface Trial {
  readonly kind: string;
  readonly blueprint: string;
  readonly read: number;
  /** Entities that would be written, those that lack a relation's target among them. */
  readonly entities: number;
  /** Records and entities that would be refused. */
  readonly rejected: number;
  readonly causes: readonly TrialCause[];
}

/** Why some would be refused. */
export interface TrialCause {
  /** `properties.x`, `relations.y`, `identifier`; empty for the record as a whole. */
  readonly field: string;
  readonly message: string;
  readonly count: number;
  /** Values of the field in the sample. */
  readonly of: number;
  /** The first few. */
  readonly places: readonly Place[];
}

/** What ends the cause of a value that fits Port's documented format loosely. */
export const mayBeRefused = "Port may refuse it";

/** True for a relation whose target is in no source: the entity is written without it. */
export function lacksTarget({ message }: TrialCause): boolean {
  return message.endsWith(withoutTarget);
}

/** What ends the cause of a relation whose target is in no source. */
export const withoutTarget = "written without it";

/** A trial in lines: what comes in, and each cause with its places. */
export function trialLines({ read, entities, rejected, blueprint, causes }: Trial): string[] {
  const partly = causes.filter(lacksTarget).reduce((sum, cause) => sum + cause.count, 0);
  const without =
    partly === 0
      ? ""
      : `, ${partly} ${partly === 1 ? "relation without its target" : "relations without their target"}`;
  const unsure = causes
    .filter(({ message }) => message.endsWith(mayBeRefused))
    .reduce((sum, cause) => sum + cause.count, 0);
  const perhaps = unsure === 0 ? "" : `, ${unsure} that Port may refuse`;
  return [
    `tried on the sample: ${read} ${read === 1 ? "record" : "records"}, ${entities} would be imported as "${blueprint}", ${rejected === 0 ? "none" : rejected} rejected${perhaps}${without}`,
    ...causes.map(
      ({ field, message, count: times, of, places }) =>
        `${field === "" ? "" : `${field}: `}${times} of ${of} ${placesText(places, times)}: ${message}`,
    ),
  ];
}

function placesText(places: readonly Place[], count: number): string {
  const [first] = places;
  const word = first?.line === undefined ? "record" : "line";
  const shown = places.map(({ line, position }) => line ?? position).join(", ");
  return `(${word}${places.length === 1 ? "" : "s"} ${shown}${count > places.length ? ", …" : ""})`;
}
