import { tokenizer } from "./json-tokens.js";
import { ValueBuilder } from "./json-value.js";

/** A JSON text's value, or why it has none. */
export type ParsedJson =
  | { readonly value: unknown; readonly longIntegers: number; readonly firstKey: string }
  | { readonly fault: string };

// Only a text with one of these can hold a number that a double does not; a false alarm costs time alone.
const maybeLongNumber = /\d{16}|\d[eE]\+?\d{3}/;

/** Parses one JSON text; integers beyond 2^53 keep their digits as text. */
export function parseJson(text: string): ParsedJson {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { fault: error instanceof Error ? error.message : String(error) };
  }
  if (!maybeLongNumber.test(text)) return { value, longIntegers: 0, firstKey: "" };
  const builder = new ValueBuilder(Number.POSITIVE_INFINITY);
  const tokens = tokenizer();
  for (const token of [...tokens(text), ...tokens.end()]) builder.token(token);
  return { value: builder.value, longIntegers: builder.longIntegers, firstKey: builder.firstLongKey };
}
