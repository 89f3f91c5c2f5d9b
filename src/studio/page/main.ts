import type { Edit } from "../../recipes/studio/fixes.js";
import type { TracedValue } from "../../recipes/studio/sample.js";
import type { SampleFacts, ShownEvaluation } from "../calls.js";
import { byId, call, Fault, make } from "./api.js";
import { type MappingEditor, openEditor } from "./editor.js";
import { showEntities } from "./entity-pane.js";
import { countProblems, renderProblems } from "./problems.js";
import { importTab, wholeSourceTab } from "./run-tabs.js";
import { openSave, type Saved } from "./save.js";
import { openSourcePane } from "./source-pane.js";
import { blueprintTab, openTabs } from "./tabs.js";

const facts = await call("start", {});
const draftKey = `portload draft of ${facts.file}`;
/** What was last saved, or what lies on the disk. */
let saved: Saved | undefined = facts.isProposed ? undefined : { file: facts.file, text: facts.mapping };
let source = 0;
let sample: SampleFacts | undefined;
let evaluation: ShownEvaluation | undefined;
let isAsking = false;
let isAskedAgain = false;

const restored = localStorage.getItem(draftKey);
const begin = restored ?? facts.mapping;

const pane = openSourcePane({
  position: () => void update(),
  column: (key) => editor.mark(key === undefined ? [] : linesThatRead(key)),
  insert: (expression) => editor.insert(expression),
});
const editor: MappingEditor = openEditor(
  byId("editor"),
  begin,
  {
    schema: facts.schema,
    columns: () => (sample?.columns ?? []).map(({ expression, type }) => ({ expression, detail: type })),
    keys: (path) => fieldsAt(path),
    values: (path) =>
      path.at(-1) === "blueprint" ? facts.blueprints.map(({ identifier }) => `'${JSON.stringify(identifier)}'`) : [],
  },
  { change: changed, line: (line) => pane.mark(columnsAt(line)) },
);
const whole = wholeSourceTab({ facts, mapping: () => editor.text });
const importing = importTab({ facts, mapping: () => editor.text, done: () => enlarge(true) });
const tabs = openTabs([
  {
    id: "problems",
    title: () => `Problems${evaluation === undefined ? "" : ` (${countProblems(evaluation)})`}`,
    render: (panel) =>
      renderProblems(panel, evaluation, facts.questions, {
        line: (line) => editor.go(line),
        record: (position) => pane.go(position),
        edit: (edit) => void apply(edit),
      }),
  },
  { id: "whole", title: () => "Whole source", render: (panel) => panel.replaceChildren(whole.element) },
  {
    id: "blueprints",
    title: () => `Blueprints (${facts.blueprints.length})`,
    render: (panel) => blueprintTab(panel, facts),
  },
  { id: "import", title: () => "Dry run and import", render: (panel) => panel.replaceChildren(importing.element) },
]);

byId("enlarge").addEventListener("click", () => enlarge(!document.body.classList.contains("enlarged")));
showStart();
await loadSample();

function showStart(): void {
  const select = byId<HTMLSelectElement>("source");
  select.replaceChildren(
    ...facts.sources.map(({ name, kind }, index) => make("option", { value: index }, `${name} (${kind})`)),
  );
  select.addEventListener("change", () => {
    source = Number(select.value);
    void loadSample();
  });
  byId("save").addEventListener("click", save);
  document.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.key !== "s") return;
    event.preventDefault();
    save();
  });
  addEventListener("beforeunload", (event) => {
    if (editor.text !== saved?.text) event.preventDefault();
  });
  if (restored !== null && restored !== facts.mapping) byId("saved").textContent = "Restored what was not saved.";
  else showSaved();
}

/** Gives the lower pane most of the page, or takes it back. */
function enlarge(isLarge: boolean): void {
  document.body.classList.toggle("enlarged", isLarge);
  byId("enlarge").setAttribute("aria-pressed", String(isLarge));
  byId("enlarge").textContent = isLarge ? "Shrink" : "Enlarge";
}

function showSaved(): void {
  byId("saved").textContent =
    editor.text === saved?.text
      ? `Saved as ${saved.file}`
      : saved === undefined
        ? "A proposal, not saved yet"
        : "Not saved";
}

function save(): void {
  openSave({
    text: editor.text,
    file: saved?.file ?? facts.file,
    folder: facts.isProposed && saved === undefined ? "blueprints" : "",
    last: saved,
    done(now, written) {
      saved = now;
      localStorage.removeItem(draftKey);
      byId("saved").textContent = `Saved as ${written.join(", ")}`;
    },
  });
}

function changed(text: string): void {
  localStorage.setItem(draftKey, text);
  showSaved();
  void update();
}

async function loadSample(): Promise<void> {
  sample = await call("sample", { source, mapping: editor.text });
  showSample(sample);
  await update();
}

function showSample(now: SampleFacts): void {
  byId("receipt").textContent = now.receipt;
  pane.show(now);
}

/** Evaluates the mapping as it is now; what changes meanwhile is evaluated right after, once. */
async function update(): Promise<void> {
  isAskedAgain = true;
  if (isAsking) return;
  isAsking = true;
  try {
    while (isAskedAgain) {
      isAskedAgain = false;
      await evaluateNow();
    }
  } finally {
    isAsking = false;
  }
}

async function evaluateNow(): Promise<void> {
  const { position } = pane;
  try {
    const mapping = editor.text;
    const next = await call("evaluate", { source, mapping, ...(position !== undefined && { position }) });
    if (sample !== undefined && next.reading !== sample.reading) {
      sample = await call("sample", { source, mapping });
      showSample(sample);
    }
    evaluation = next;
    show(next);
  } catch (error) {
    const message = error instanceof Fault ? `${error.message} ${error.hint ?? ""}` : String(error);
    byId("made").replaceChildren(make("p", { class: "bad", role: "alert" }, message));
  }
}

function show(next: ShownEvaluation): void {
  editor.showFaults([
    ...next.findings
      .filter(({ severity, line }) => severity !== "note" && line !== undefined)
      .map(({ line = 1, severity, message, fix }) => ({
        line,
        severity: severity === "error" ? ("error" as const) : ("warning" as const),
        message: `${message}\n${fix}`,
      })),
    ...next.problems
      .filter(({ line }) => line !== undefined)
      .map(({ line = 1, message, count }) => ({
        line,
        severity: "warning" as const,
        message: `${count} of the sample: ${message}`,
      })),
  ]);
  pane.judge(next);
  showEntities(next, { point, go: (line) => editor.go(line) });
  tabs.refresh("problems");
  document.body.dataset.evaluated = String(Number(document.body.dataset.evaluated ?? 0) + 1);
}

/** Shows where a value comes from: its line, and the columns that its expression reads. */
function point(value: TracedValue | undefined): void {
  editor.mark(value?.line === undefined ? [] : [value.line]);
  pane.mark(value?.reads ?? []);
}

/** Properties and relations of the blueprints, where a mapping names them. */
function fieldsAt(path: readonly string[]): readonly { readonly name: string; readonly description?: string }[] {
  const group = path.at(-1);
  if (path.at(-2) !== "mappings" || (group !== "properties" && group !== "relations")) return [];
  return facts.blueprints.flatMap(({ identifier, schema, relations = {} }) =>
    group === "properties"
      ? Object.entries(schema.properties).map(([name, { type, format }]) => ({
          name,
          description: `${identifier}: ${format ?? type}`,
        }))
      : Object.entries(relations).map(([name, { target }]) => ({ name, description: `${identifier} → ${target}` })),
  );
}

function linesThatRead(key: string): number[] {
  const values = evaluation?.traced?.values ?? [];
  return values.flatMap(({ line, reads }) => (line !== undefined && reads?.includes(key) ? [line] : []));
}

function columnsAt(line: number): readonly string[] {
  return (evaluation?.traced?.values ?? []).filter((value) => value.line === line).flatMap(({ reads }) => reads ?? []);
}

/** Makes a fix's change; how the source is read may be another one then. */
async function apply(edit: Edit): Promise<void> {
  try {
    const { mapping } = await call("edit", { mapping: editor.text, edit });
    editor.replace(mapping);
    await loadSample();
  } catch (error) {
    byId("saved").textContent = error instanceof Fault ? error.message : String(error);
  }
}
