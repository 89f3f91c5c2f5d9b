import type { BlueprintEdit, PropertyKind } from "../../recipes/studio/blueprint-edit.js";
import type { Fix } from "../../recipes/studio/fixes.js";
import type { SampleFacts, ShownEvaluation, StudioFacts } from "../calls.js";
import { call, Fault } from "./api.js";
import type { MappingEditor } from "./editor.js";

/** What clicks change. */
interface Edits {
  /** Writes a column into the mapping: into the resource whose entities are seen. */
  insert(path: readonly string[]): Promise<void>;
  /** Makes a fix's change, in the mapping or in a proposed blueprint; gives why it cannot be made. */
  apply(edit: Fix["edit"]): Promise<string | undefined>;
}

/** Gives what clicks change. @param page - gets what there is then */
export function openEdits(
  editor: MappingEditor,
  page: {
    readonly evaluation: () => ShownEvaluation | undefined;
    /** The mapping was changed; how the source is read may be another one then. */
    readonly changed: () => Promise<void>;
    readonly blueprints: (facts: StudioFacts) => void;
    readonly failed: (message: string) => void;
  },
): Edits {
  // One after the other: an answer that comes late would undo what a later click did.
  let before: Promise<unknown> = Promise.resolve();
  const orSay = (work: () => Promise<void>): Promise<string | undefined> => {
    const now = before.then(() => tried(work));
    before = now;
    return now;
  };
  const tried = async (work: () => Promise<void>): Promise<string | undefined> => {
    try {
      await work();
      return undefined;
    } catch (error) {
      const why = error instanceof Fault ? `${error.message}${error.hint ? `. ${error.hint}` : ""}` : String(error);
      page.failed(why);
      return why;
    }
  };
  /** Asks again where somebody typed meanwhile: the answer fits the text that was asked about. */
  const untilSame = async <T>(ask: (text: string) => Promise<T>): Promise<T> => {
    for (;;) {
      const { text } = editor;
      const answer = await ask(text);
      if (editor.text === text) return answer;
    }
  };
  /** Shows changed blueprints, and has the mapping follow a new name. */
  const blueprintChanged = async (facts: StudioFacts): Promise<void> => {
    page.blueprints(facts);
    if (facts.renamed === undefined) return;
    const edit = { kind: "renameBlueprint" as const, ...facts.renamed };
    editor.replace((await untilSame((text) => call("edit", { mapping: text, edit }))).mapping);
  };
  return {
    async insert(path) {
      await orSay(async () => {
        const resource = page.evaluation()?.traced?.values[0]?.resource ?? 0;
        editor.change(await untilSame((mapping) => call("insert", { mapping, path, cursor: editor.cursor, resource })));
      });
    },
    apply: (edit) =>
      orSay(async () => {
        if ("blueprint" in edit)
          return blueprintChanged(
            await call("editBlueprint", { edit: likeValue(edit, page.evaluation()), mapping: editor.text }),
          );
        const { mapping } = await untilSame((text) => call("edit", { mapping: text, edit }));
        editor.replace(mapping);
        await page.changed();
      }),
  };
}

/** A property is added with the type of what the mapping gives it. */
function likeValue(edit: BlueprintEdit, evaluation: ShownEvaluation | undefined): BlueprintEdit {
  if (edit.kind !== "addProperty" || edit.type !== "text") return edit;
  const given = evaluation?.traced?.values.find(({ path }) => path.endsWith(`.properties.${edit.property}`))?.value;
  const types: Partial<Record<string, PropertyKind>> = { number: "number", boolean: "boolean" };
  return { ...edit, type: Array.isArray(given) ? "list" : (types[typeof given] ?? "text") };
}

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
