/** A part of a JSON Schema. */
interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly description?: string;
}

/** The keys that enclose a line of YAML in block style, outermost first; a list's element is `-`. */
export function pathAt(text: string, line: number): readonly string[] {
  const lines = text.split("\n");
  let indent = indentOf(lines[line - 1] ?? "");
  const path: string[] = [];
  for (let index = line - 2; index >= 0 && indent > 0; index--) {
    const one = lines[index] ?? "";
    if (/^\s*(?:#|$)/.test(one)) continue;
    const match = /^(\s*)((?:- +)*)(?:"([^"]+)"|'([^']+)'|([^\s"'#:][^:#]*)):(?:\s|$)/.exec(one);
    if (match === null) continue;
    const [, blank = "", dashes = "", ...names] = match;
    const own = blank.length + dashes.length;
    if (own < indent) {
      path.unshift(names.find((name) => name !== undefined)?.trim() ?? "");
      indent = own;
    }
    if (dashes !== "" && own <= indent && blank.length < indent) {
      path.unshift("-");
      indent = blank.length;
      // An element belongs to the key above that is no further in.
      indent += 1;
    }
  }
  // A key before a dash of the same line belongs to the element, too.
  return tidy(path);
}

/** The element sign stands between a list's key and its element's. */
function tidy(path: readonly string[]): readonly string[] {
  return path.filter((name, index) => name !== "-" || path[index - 1] !== "-");
}

function indentOf(line: string): number {
  const [, blank = "", dashes = ""] = /^(\s*)((?:- +)*)/.exec(line) ?? [];
  return blank.length + dashes.length;
}

/** The keys that a schema allows at a path. */
export function keysAt(
  schema: unknown,
  path: readonly string[],
): readonly { readonly name: string; readonly description?: string }[] {
  let places: readonly Schema[] = spread(schema as Schema);
  for (const name of path)
    places = places.flatMap((place) => {
      if (name === "-") return place.items === undefined ? [] : spread(place.items);
      const own = place.properties?.[name];
      if (own !== undefined)
        return spread(own).flatMap((one) => [one, ...(one.items === undefined ? [] : spread(one.items))]);
      return typeof place.additionalProperties === "object" ? spread(place.additionalProperties) : [];
    });
  const keys = new Map(places.flatMap(({ properties = {} }) => Object.entries(properties)));
  return [...keys].map(([name, { description }]) => ({ name, ...(description !== undefined && { description }) }));
}

function spread(schema: Schema): readonly Schema[] {
  return [schema, ...(schema.anyOf ?? []).flatMap(spread)];
}
