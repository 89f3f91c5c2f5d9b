import { decimalPattern, exactNumber } from "../decimal.js";
import type { Typer } from "./diagnostics.js";
import { kindOf } from "./kind-of.js";

/** Types a number: a JSON number as it is, text only if its decimal value survives. Thousands separators, hex, blanks around it and empty text are refused. */
export const typeNumber: Typer = (value, diagnostics) => {
  if (typeof value === "number" && Number.isFinite(value)) return value;
  if (typeof value !== "string") return diagnostics.refuse("wrong_type", `expects a number, got ${kindOf(value)}`);
  return exactNumber(value) ?? diagnostics.refuse("wrong_type", `expects a number, ${fault(value)}`);
};

function fault(text: string): string {
  if (decimalPattern.test(text)) return "and this text has more digits than a number can hold";
  if (text === "") return "got empty text; name it in the mapping's blanks if it means no value";
  if (text.trim() !== text) return "got text with blanks around it; trim it in the expression";
  if (/^[+-]?\d+(?:[,.' \u00A0\u202F\u2019]\d{3})*[,.]?\d*$/.test(text)) {
    return "got a number of another writing; say how it is written in columns: { <column>: { number: { decimal, group } } }";
  }
  return "got text that is none";
}
