import type { BlueprintEdit, PropertyKind } from "../../recipes/studio/blueprint-edit.js";
import type { Fix } from "../../recipes/studio/fixes.js";
import type { ShownEvaluation, StudioFacts } from "../calls.js";
import { call, Fault } from "./api.js";
import type { MappingEditor } from "./editor.js";

/** What clicks change. */
interface Edits {
  /** Writes a column into the mapping: into the resource whose entities are seen. */
  insert(path: readonly string[]): Promise<void>;
  /** Makes a fix's change, in the mapping or in a proposed blueprint. */
  apply(edit: Fix["edit"]): Promise<void>;
}

/** Gives what clicks change. @param page - told what there is then */
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
  const orSay = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      page.failed(error instanceof Fault ? `${error.message}. ${error.hint ?? ""}` : String(error));
    }
  };
  return {
    insert: (path) =>
      orSay(async () => {
        const resource = page.evaluation()?.traced?.values[0]?.resource ?? 0;
        editor.change(await call("insert", { mapping: editor.text, path, cursor: editor.cursor, resource }));
      }),
    apply: (edit) =>
      orSay(async () => {
        if ("blueprint" in edit)
          return page.blueprints(await call("editBlueprint", likeValue(edit, page.evaluation())));
        const { mapping } = await call("edit", { mapping: editor.text, edit });
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
