import type { Place } from "../record.js";
import type { Finding, RejectCode } from "../reject.js";
import { shownValue } from "../shown-value.js";
import type { Warning, WarningCode } from "../warning.js";
import { type DayMonth, tallyDayMonths } from "./day-month.js";

/** Where typers report faults. It knows which field is being typed, so that they need not. */
export interface Diagnostics {
  /** Records a fault of the field at hand. Returns undefined, so that a typer can end with it. */
  readonly refuse: (code: RejectCode, message: string) => undefined;
  /** Records something unusual about the field at hand, which is sent all the same. */
  readonly warn: (code: WarningCode, message: string) => void;
  /** Counts a refused date of the field at hand whose day and month the mapping does not tell apart. */
  readonly countDayMonth: (text: string, order: DayMonth) => void;
}

/** Turns a raw value into a property's value, or reports a fault and returns undefined. Null never reaches a typer. */
export type Typer = (value: unknown, diagnostics: Diagnostics) => unknown;

/** A {@link Diagnostics} as check holds it: it is given the entity and field at hand, and gives what was found. */
export interface EntityDiagnostics extends Diagnostics {
  /** Starts on an entity. */
  readonly open: (blueprint: string, at: Place) => void;
  /** Starts on a field of it; `value` is what a fault shows. */
  readonly at: (path: string, value: unknown) => void;
  /** The entity's faults so far; empty when it passes. */
  readonly findings: () => readonly Finding[];
  /** The warnings since the last call, same code, blueprint and path counted together. */
  readonly takeWarnings: () => readonly Warning[];
  /** What the whole stage has found about orders of day and month. */
  readonly dayMonths: () => readonly Warning[];
}

/** Opens diagnostics; one serves a whole stage, so that a sound entity costs no allocation. */
export function openDiagnostics(): EntityDiagnostics {
  let blueprint = "";
  let place: Place | undefined;
  let path = "";
  let offending: unknown;
  let found: Finding[] = [];
  let warnings = new Map<string, Warning>();
  const dayMonths = tallyDayMonths();
  return {
    open(name, at) {
      blueprint = name;
      place = at;
      if (found.length > 0) found = [];
    },
    at(field, value) {
      path = field;
      offending = value;
    },
    refuse(code, message) {
      const value = shownValue(offending, path);
      found.push({ code, message, path, ...(value === undefined ? {} : { value }) });
      return undefined;
    },
    warn(code, message) {
      const key = JSON.stringify([code, blueprint, path]);
      const known = warnings.get(key);
      const first = known?.first ?? place;
      warnings.set(key, {
        code,
        message: known?.message ?? message,
        blueprint,
        path,
        count: (known?.count ?? 0) + 1,
        ...(first === undefined ? {} : { first }),
      });
    },
    countDayMonth: (text, order) => dayMonths.add(text, order, { blueprint, path, at: place }),
    dayMonths: dayMonths.warnings,
    findings: () => found,
    takeWarnings() {
      if (warnings.size === 0) return [];
      const taken = [...warnings.values()];
      warnings = new Map();
      return taken;
    },
  };
}
