import type { ShownEvaluation, StudioFacts } from "../calls.js";

/** Properties and relations of the blueprints, where a mapping names them. */
export function fieldsAt(
  blueprints: StudioFacts["blueprints"],
  path: readonly string[],
): readonly { readonly name: string; readonly description?: string }[] {
  const group = path.at(-1);
  if (path.at(-2) !== "mappings" || (group !== "properties" && group !== "relations")) return [];
  return blueprints.flatMap(({ identifier, schema, relations = {} }) =>
    group === "properties"
      ? Object.entries(schema.properties).map(([name, { type, format }]) => ({
          name,
          description: `${identifier}: ${format ?? type}`,
        }))
      : Object.entries(relations).map(([name, { target }]) => ({ name, description: `${identifier} → ${target}` })),
  );
}

/** Lines whose expressions read a column. */
export function linesThatRead(evaluation: ShownEvaluation | undefined, key: string): number[] {
  const values = evaluation?.traced?.values ?? [];
  return values.flatMap(({ line, reads }) => (line !== undefined && reads?.includes(key) ? [line] : []));
}

/** Columns that a line's expressions read. */
export function columnsAt(evaluation: ShownEvaluation | undefined, line: number): readonly string[] {
  return (evaluation?.traced?.values ?? []).filter((value) => value.line === line).flatMap(({ reads }) => reads ?? []);
}
