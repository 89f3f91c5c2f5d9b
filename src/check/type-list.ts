import type { Typer } from "./diagnostics.js";
import { kindOf } from "./kind-of.js";
import { parseJsonText } from "./type-object.js";

/** A typer of lists: a JSON array, or the JSON text of one; each of its items typed in turn. A lone value is no list: the mapping says `[.x]` or `split`. */
export function typeList(typeItem: Typer): Typer {
  return (value, diagnostics) => {
    const parsed = typeof value === "string" ? parseJsonText(value, "[", diagnostics) : value;
    if (parsed === undefined) return undefined;
    if (!Array.isArray(parsed)) {
      return diagnostics.refuse("wrong_type", `expects a list or its JSON text, got ${kindOf(value)}`);
    }
    const items: unknown[] = [];
    for (const item of parsed) {
      const typed =
        item === null ? diagnostics.refuse("wrong_type", "expects a list without null") : typeItem(item, diagnostics);
      if (typed === undefined) return undefined;
      items.push(typed);
    }
    return items;
  };
}
