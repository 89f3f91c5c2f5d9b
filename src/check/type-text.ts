import type { RejectCode } from "../reject.js";
import { dateMend, dayMonthOf } from "./day-month.js";
import type { Diagnostics, Typer } from "./diagnostics.js";
import { type FormatJudge, formatJudges } from "./formats.js";
import { kindOf } from "./kind-of.js";

/**
 * Types text: text stays as it is to the letter. Booleans become their word; a whole JSON number becomes its digits with a warning, because
 * `1.0` and `1` are one number there; a fraction is refused, because `1.10` arrives as 1.1.
 */
export const typeText: Typer = (value, diagnostics) =>
  typeof value === "string" ? value : textOf(value, "wrong_type", diagnostics);

/** Gives a value as text by the rule of {@link typeText}, or refuses it by the code given. */
export function textOf(value: unknown, code: RejectCode, diagnostics: Diagnostics): string | undefined {
  if (typeof value === "string") return value;
  if (typeof value === "boolean") return String(value);
  if (Number.isSafeInteger(value)) {
    diagnostics.warn("number_as_text", "a number became text; write tostring in the expression if that is meant");
    return String(value);
  }
  return diagnostics.refuse(code, `expects text, got ${kindOf(value)}${fixOf(value)}`);
}

/** A typer of text in a format. Text is never changed for its format. A format without a judge is not looked at. */
export function typeFormattedText(format: string): Typer {
  const judge = formatJudges.get(format);
  if (judge === undefined) return typeText;
  return (value, diagnostics) => {
    const text = typeText(value, diagnostics);
    return typeof text === "string" && passesFormat(text, format, judge, diagnostics) ? text : undefined;
  };
}

/** Judges text by a format and tells what is wrong with it; false when it is refused. */
export function passesFormat(text: string, format: string, judge: FormatJudge, diagnostics: Diagnostics): boolean {
  const { verdict, expects } = judge(text);
  if (verdict === "wrong") {
    diagnostics.refuse(
      "bad_format",
      `is no ${format}: expects ${expects}${format === "date-time" ? dateMend(text) : ""}`,
    );
    const order = format === "date-time" ? dayMonthOf(text) : undefined;
    if (order !== undefined) diagnostics.countDayMonth(text, order);
    return false;
  }
  if (verdict === "unusual") diagnostics.warn("format_unusual", `does not look like ${format}: expects ${expects}`);
  return true;
}

function fixOf(value: unknown): string {
  if (typeof value === "number") return "; write tostring in the expression, and mind that 1.10 is read as 1.1";
  if (Array.isArray(value)) return '; write join(", ") or tojson in the expression';
  return value === null ? "" : "; write tojson in the expression";
}
