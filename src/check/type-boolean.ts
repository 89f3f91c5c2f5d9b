import type { Typer } from "./diagnostics.js";
import { kindOf } from "./kind-of.js";

/** The words that are a boolean, in any case. The list is closed: no other text is. */
export const booleanWords: ReadonlyMap<string, boolean> = new Map([
  ...["true", "yes", "y", "t", "on", "1"].map((word) => [word, true] as const),
  ...["false", "no", "n", "f", "off", "0"].map((word) => [word, false] as const),
]);

/** Types a boolean: a JSON boolean, the numbers 1 and 0, or one of {@link booleanWords}. */
export const typeBoolean: Typer = (value, diagnostics) => {
  if (typeof value === "boolean") return value;
  if (value === 1 || value === 0) return value === 1;
  if (typeof value !== "string") return diagnostics.refuse("wrong_type", `expects a boolean, got ${kindOf(value)}`);
  return (
    booleanWords.get(value.toLowerCase()) ??
    diagnostics.refuse("wrong_type", `expects a boolean: one of ${[...booleanWords.keys()].join(", ")}`)
  );
};
