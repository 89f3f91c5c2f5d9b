import {
  autocompletion,
  type CompletionContext,
  type CompletionResult,
  completionKeymap,
} from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { yaml } from "@codemirror/lang-yaml";
import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { type Diagnostic, lintGutter, lintKeymap, setDiagnostics } from "@codemirror/lint";
import { type Extension, StateEffect, StateField } from "@codemirror/state";
import { Decoration, type DecorationSet, EditorView, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import type { Insertion } from "../../recipes/studio/insert.js";

/** A fault at a line of the mapping. */
export interface LineFault {
  readonly line: number;
  readonly severity: "error" | "warning" | "info";
  readonly message: string;
}

/** The mapping's editor. */
export interface MappingEditor {
  readonly text: string;
  replace(text: string): void;
  /** Where the cursor is. */
  readonly cursor: number;
  /** Changes the text at one place. */
  change(made: Insertion): void;
  showFaults(faults: readonly LineFault[]): void;
  /** Marks lines, such as those whose expressions read a column. */
  mark(lines: readonly number[]): void;
  /** Moves to a line. */
  go(line: number): void;
}

const markLines = StateEffect.define<readonly number[]>();
const marked = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(decorations, transaction) {
    for (const effect of transaction.effects)
      if (effect.is(markLines)) {
        const { doc } = transaction.state;
        const lines = effect.value.filter((line) => line >= 1 && line <= doc.lines).toSorted((a, b) => a - b);
        return Decoration.set(lines.map((line) => Decoration.line({ class: "linked" }).range(doc.line(line).from)));
      }
    return decorations.map(transaction.changes);
  },
  provide: (field) => EditorView.decorations.from(field),
});

const colours = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], class: "tok-key" },
  { tag: [tags.string, tags.special(tags.string)], class: "tok-string" },
  { tag: tags.number, class: "tok-number" },
  { tag: [tags.bool, tags.null, tags.keyword], class: "tok-atom" },
  { tag: tags.comment, class: "tok-comment" },
]);

/** What is offered while one types. */
interface EditorOffers {
  /** JSON Schema of the file. */
  readonly schema: unknown;
  /** Expressions that read the source's columns. */
  readonly columns: () => readonly { readonly expression: string; readonly detail: string }[];
  /** Further keys at a path, such as the properties of blueprints. */
  readonly keys: (path: readonly string[]) => readonly { readonly name: string; readonly description?: string }[];
  /** Further values of the key at a path. */
  readonly values: (path: readonly string[]) => readonly string[];
}

/** Opens the editor. */
export function openEditor(
  parent: HTMLElement,
  text: string,
  { schema, columns, keys, values }: EditorOffers,
  on: { readonly change: (text: string) => void; readonly line: (line: number) => void },
): MappingEditor {
  const complete = (context: CompletionContext): CompletionResult | null => {
    const line = context.state.doc.lineAt(context.pos);
    const before = line.text.slice(0, context.pos - line.from);
    const value = /:\s+(.*)$/.exec(before);
    if (value !== null) {
      const name = /^\s*(?:- +)*["']?([\w$]+)["']?:/.exec(before)?.[1] ?? "";
      const path = [...pathAt(context.state.doc.toString(), line.number), name];
      const words = [...valuesOf(schema, path), ...values(path)];
      const typed = /[^\s:]*$/.exec(value[1] ?? "")?.[0] ?? "";
      if (words.length > 0 && !typed.includes("."))
        return { from: context.pos - typed.length, options: words.map((label) => ({ label, type: "constant" })) };
      const word = /\.(?:[\w]*|"[^"]*)$/.exec(before);
      if (word === null && !context.explicit) return null;
      const options = columns().map(({ expression, detail }) => ({ label: expression, detail, type: "property" }));
      return { from: context.pos - (word?.[0].length ?? 0), options, filter: true };
    }
    const path = pathAt(context.state.doc.toString(), line.number);
    // Names of columns have blanks and other signs in them.
    const key = (path.at(-1) === "columns" ? /\S.*$/ : /[\w$]*$/).exec(before)?.[0] ?? "";
    if (key === "" && !context.explicit) return null;
    const options = [...keysAt(schema, path), ...keys(path)].map(({ name, description }) => ({
      label: name,
      apply: `${name}: `,
      type: "keyword",
      ...(description !== undefined && { info: description }),
    }));
    return { from: context.pos - key.length, options };
  };
  const nonce = document.querySelector<HTMLMetaElement>('meta[name="style-nonce"]')?.content ?? "";
  const extensions: Extension[] = [
    EditorView.cspNonce.of(nonce),
    EditorView.lineWrapping,
    lineNumbers(),
    history(),
    yaml(),
    syntaxHighlighting(colours),
    lintGutter(),
    marked,
    autocompletion({ override: [complete] }),
    keymap.of([...completionKeymap, ...lintKeymap, ...defaultKeymap, ...historyKeymap, indentWithTab]),
    EditorView.contentAttributes.of({ "aria-label": "Mapping (YAML). Press Escape, then Tab to leave." }),
    EditorView.updateListener.of((update) => {
      if (update.docChanged) on.change(update.state.doc.toString());
      if (update.selectionSet) on.line(update.state.doc.lineAt(update.state.selection.main.head).number);
    }),
  ];
  let hasFaults = false;
  const view = new EditorView({ doc: text, parent, extensions });
  return {
    get text() {
      return view.state.doc.toString();
    },
    replace(next) {
      // Only what differs, and it is shown: the cursor and what was undone stay.
      const now = view.state.doc.toString();
      const most = Math.min(now.length, next.length);
      let [from, end] = [0, 0];
      while (from < most && now[from] === next[from]) from++;
      while (end < most - from && now.at(-1 - end) === next.at(-1 - end)) end++;
      const changes = { from, to: now.length - end, insert: next.slice(from, next.length - end) };
      view.dispatch({ changes, effects: EditorView.scrollIntoView(from, { y: "nearest" }) });
    },
    get cursor() {
      return view.state.selection.main.head;
    },
    change({ from, to, text, cursor }) {
      view.dispatch({
        changes: { from, to, insert: text },
        selection: { anchor: cursor },
        effects: EditorView.scrollIntoView(from, { y: "nearest" }),
        userEvent: "input.paste",
      });
      view.focus();
    },
    showFaults(faults) {
      if (faults.length === 0 && !hasFaults) return;
      hasFaults = faults.length > 0;
      const { doc } = view.state;
      const diagnostics = faults.map(({ line, severity, message }): Diagnostic => {
        const { from, to, text: content } = doc.line(Math.min(Math.max(1, line), doc.lines));
        return { from: from + (content.length - content.trimStart().length), to, severity, message };
      });
      view.dispatch(setDiagnostics(view.state, diagnostics));
    },
    mark(lines) {
      view.dispatch({ effects: markLines.of(lines) });
    },
    go(line) {
      const { from } = view.state.doc.line(Math.min(Math.max(1, line), view.state.doc.lines));
      view.dispatch({ selection: { anchor: from }, effects: EditorView.scrollIntoView(from, { y: "center" }) });
      view.focus();
    },
  };
}

/** A part of a JSON Schema. */
interface EditorSchema {
  readonly properties?: Readonly<Record<string, EditorSchema>>;
  readonly additionalProperties?: EditorSchema | boolean;
  readonly items?: EditorSchema;
  readonly anyOf?: readonly EditorSchema[];
  readonly description?: string;
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
}

/** The keys that enclose a line of YAML in block style, outermost first; a list's element is `-`. */
function pathAt(text: string, line: number): readonly string[] {
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
      // An element belongs to the key above that is not a further in.
      indent += 1;
    }
  }
  // A key before a dash of the same line belongs to the element, too; the element sign is between a list's key and its element's.
  return path.filter((name, index) => name !== "-" || path[index - 1] !== "-");
}

function indentOf(line: string): number {
  const [, blank = "", dashes = ""] = /^(\s*)((?:- +)*)/.exec(line) ?? [];
  return blank.length + dashes.length;
}

/** The keys that a schema allows at a path. */
function keysAt(schema: unknown, path: readonly string[]): readonly { name: string; description?: string }[] {
  const keys = new Map(placesAt(schema, path).flatMap(({ properties = {} }) => Object.entries(properties)));
  return [...keys].map(([name, { description }]) => ({ name, ...(description !== undefined && { description }) }));
}

/** The words that a schema allows as the value at a path. */
function valuesOf(schema: unknown, path: readonly string[]): readonly string[] {
  const words = placesAt(schema, path).flatMap((place) => [
    ...(place.enum ?? []),
    ...(place.const === undefined ? [] : [place.const]),
    ...(place.type === "boolean" ? [true, false] : []),
  ]);
  return [...new Set(words.map(String))];
}

function placesAt(schema: unknown, path: readonly string[]): readonly EditorSchema[] {
  let places: readonly EditorSchema[] = spread(schema as EditorSchema);
  for (const name of path)
    places = places.flatMap((place) => {
      if (name === "-") return place.items === undefined ? [] : spread(place.items);
      const own = place.properties?.[name];
      if (own !== undefined)
        return spread(own).flatMap((one) => [one, ...(one.items === undefined ? [] : spread(one.items))]);
      return typeof place.additionalProperties === "object" ? spread(place.additionalProperties) : [];
    });
  return places;
}

function spread(schema: EditorSchema): readonly EditorSchema[] {
  return [schema, ...(schema.anyOf ?? []).flatMap(spread)];
}
