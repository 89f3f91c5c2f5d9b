import type { SampleFacts, ShownEvaluation, StudioFacts } from "../calls.js";

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

/** Whether a path is of columns, whose keys are their names. */
export function isOfColumns(path: readonly string[]): boolean {
  return (
    path.at(-1) === "columns" &&
    ((path.length === 2 && path[0] === "source") || (path.length === 3 && path[0] === "sources"))
  );
}

/** The columns of a source as keys. */
export function columnKeys(
  sample: SampleFacts | undefined,
): readonly { readonly name: string; readonly description?: string }[] {
  return (sample?.columns ?? [])
    .filter(({ path }) => path.length === 1)
    .map(({ path: [name = ""], type, examples }) => ({
      name: isPlainKey(name) ? name : JSON.stringify(name),
      description: [type, ...examples.slice(0, 2)].join(", "),
    }));
}

/** Whether YAML takes a key without quotes as the text that it is. */
function isPlainKey(name: string): boolean {
  return /^[A-Za-z_](?:[\w ./()-]*[\w./()-])?$/.test(name) && !/^(?:true|false|null|yes|no|on|off|y|n)$/i.test(name);
}
