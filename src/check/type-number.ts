import type { Typer } from "./hearing.js";
import { kindOf } from "./shown-value.js";

/** Types a number: a JSON number as it is, text only if its decimal value survives. Thousands separators, hex, blanks around it and empty text are refused. */
export const typeNumber: Typer = (value, hearing) => {
  if (typeof value === "number" && Number.isFinite(value)) return value;
  if (typeof value !== "string") return hearing.refuse("wrong_type", `expects a number, got ${kindOf(value)}`);
  if (!decimal.test(value)) return hearing.refuse("wrong_type", `expects a number, ${fault(value)}`);
  const number = Number(value);
  if (!isLossless(value, number)) {
    return hearing.refuse("wrong_type", "expects a number, and this text has more digits than a number can hold");
  }
  return number === 0 ? 0 : number;
};

/** Tells whether every number written in a JSON text survives being read. */
export function jsonNumbersAreLossless(json: string): boolean {
  if (!/\d[eE]|[\d.]{16}/.test(json)) return true;
  const numbers = json.replace(/"(?:[^"\\]|\\.)*"/g, " ").match(/-?\d[\d.eE+-]*/g) ?? [];
  return numbers.every((text) => isLossless(text, Number(text)));
}

const decimal = /^[+-]?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?$/;

/** Fifteen significant digits always survive a double, so short plain text needs no comparison. @source IEEE 754-2019, binary64 */
function isLossless(text: string, number: number): boolean {
  if (text.length <= 15 && !/[eE]/.test(text)) return true;
  return Number.isFinite(number) && normalForm(text) === normalForm(String(number));
}

/** A decimal's value as `sign digits e exponent`, the same for all spellings of one value. */
function normalForm(text: string): string {
  const parts = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(text);
  const [, sign = "", whole = "", fraction = "", exponent = "0"] = parts ?? [];
  const digits = (whole + fraction).replace(/^0+/, "");
  const significant = digits.replace(/0+$/, "");
  if (significant === "") return "0";
  const power = Number(exponent) - fraction.length + (digits.length - significant.length);
  return `${sign === "-" ? "-" : ""}${significant}e${power}`;
}

function fault(text: string): string {
  if (text === "") return "got empty text; name it in the mapping's blanks if it means no value";
  if (text.trim() !== text) return "got text with blanks around it; trim it in the expression";
  if (/^[+-]?\d{1,3}(,\d{3})+(\.\d+)?$/.test(text)) {
    return "got text with thousands separators; remove them in the expression";
  }
  return "got text that is none";
}
