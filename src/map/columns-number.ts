import { decimalPattern, exactNumber } from "../decimal.js";
import type { ColumnOptions } from "../source-options.js";
import { CellFault, type ReadCell } from "./columns-cell.js";

type NumberSigns = Extract<ColumnOptions, { number: unknown }>["number"];

/** What is wrong with a number format; undefined when nothing is. */
export function numberIssue({ decimal = ".", group, unit = "" }: NumberSigns): string | undefined {
  if (/\d/.test(unit)) return `has the unit ${JSON.stringify(unit)}, which holds a digit`;
  return decimal === group
    ? `has ${JSON.stringify(decimal)} both before the fraction and between thousands`
    : undefined;
}

/**
 * Makes the reader of a number format. Thousands are all parted, in threes, or not at all; the value must survive to the last digit.
 * `1.234` under `{ decimal: "," }` is refused, not read as something else.
 */
export function numberReader({ decimal = ".", group, unit }: NumberSigns): ReadCell {
  const parted = group === undefined ? undefined : partedPattern(group);
  const written = `the number format${decimal === "." ? "" : `, with "${decimal}" before the fraction`}${group === undefined ? "" : `, with "${group}" between thousands`}${unit === undefined ? "" : `, with the unit "${unit}"`}`;
  return (given) => {
    const text = unit === undefined ? given : withoutUnit(given, unit);
    const whole = parted?.test(cutFraction(text, decimal)) === true ? text.replaceAll(parters(group), "") : text;
    // what stays of the other sign makes the text no decimal
    const plain = decimal === "." ? whole : whole.includes(".") ? "" : whole.replace(decimal, ".");
    const number = exactNumber(plain);
    if (number !== undefined) return number;
    if (decimalPattern.test(plain)) return new CellFault("has more digits than a number can hold");
    return new CellFault(`is not written as ${written} says`);
  };
}

/** The unit is before the number, behind its sign or behind the number; never on both sides. */
function withoutUnit(text: string, unit: string): string {
  if (text.endsWith(unit)) return text.slice(0, -unit.length).trimEnd();
  const sign = /^[+-]?/.exec(text)?.[0] ?? "";
  return text.startsWith(unit, sign.length) ? sign + text.slice(sign.length + unit.length).trimStart() : text;
}

function cutFraction(text: string, decimal: string): string {
  const end = text.indexOf(decimal);
  return end < 0 ? text : text.slice(0, end);
}

function partedPattern(group: string): RegExp {
  return new RegExp(`^[+-]?\\d{1,3}(?:(${signs(group)})\\d{3})(?:\\1\\d{3})*$`, "u");
}

function parters(group = ""): RegExp {
  return new RegExp(signs(group), "gu");
}

/** A space stands for those that spreadsheets write: plain, no-break, narrow no-break, thin. */
function signs(group: string): string {
  if (group === " ") return "[ \\u00A0\\u202F\\u2009]";
  return group === "'" ? "['\\u2019]" : `[${group}]`;
}
