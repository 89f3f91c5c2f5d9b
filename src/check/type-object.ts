import { jsonNumbersAreLossless } from "../decimal.js";
import type { Diagnostics, Typer } from "./diagnostics.js";
import { formatJudges } from "./formats.js";
import { kindOf } from "./kind-of.js";
import { passesFormat } from "./type-text.js";

/** Types an object: a JSON object as it is, or the JSON text of one. */
export const typeObject: Typer = (value, diagnostics) => {
  const parsed = typeof value === "string" ? parseJsonText(value, "{", diagnostics) : value;
  if (parsed === undefined) return undefined;
  if (isObject(parsed)) return parsed;
  return diagnostics.refuse("wrong_type", `expects an object or its JSON text, got ${kindOf(value)}`);
};

/** Types a labeled url: an object `{url, displayText?}`, its JSON text, or the text of a URL, which becomes `{url}`. */
export const typeLabeledUrl: Typer = (value, diagnostics) => {
  const labeled = typeof value === "string" && !value.startsWith("{") ? { url: value } : typeObject(value, diagnostics);
  if (!isObject(labeled)) return undefined;
  const { url, displayText } = labeled;
  if (typeof url !== "string") return diagnostics.refuse("bad_format", "expects an object with a text url");
  if (displayText !== undefined && displayText !== null && typeof displayText !== "string") {
    return diagnostics.refuse("bad_format", "expects displayText to be text");
  }
  const judge = formatJudges.get("url");
  return judge === undefined || passesFormat(url, "url", judge, diagnostics) ? labeled : undefined;
};

/** Parses text that must be JSON of an object or a list, told by its first character; tells a fault and returns undefined otherwise. */
export function parseJsonText(text: string, opener: "{" | "[", diagnostics: Diagnostics): unknown {
  const wanted = opener === "{" ? "an object" : "a list";
  if (!text.trimStart().startsWith(opener)) {
    const fix =
      opener === "[" ? 'write split(";") or [.] in the expression' : "write fromjson or {…} in the expression";
    return diagnostics.refuse("wrong_type", `expects ${wanted} or its JSON text, got other text; ${fix}`);
  }
  try {
    const parsed: unknown = JSON.parse(text);
    if (jsonNumbersAreLossless(text)) return parsed;
    return diagnostics.refuse("wrong_type", `expects ${wanted}, and its JSON text has a number that cannot be held`);
  } catch {
    return diagnostics.refuse("wrong_type", `expects ${wanted}, and the text is not valid JSON`);
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
