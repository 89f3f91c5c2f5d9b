import type { TracedValue } from "../../recipes/studio/sample.js";
import type { SampleFacts, ShownEvaluation, StudioFacts } from "../calls.js";
import { byId, call, Fault, make } from "./api.js";
import { blueprintTab } from "./blueprint-tab.js";
import { type MappingEditor, openEditor } from "./editor.js";
import { columnKeys, columnsAt, fieldsAt, isOfColumns, linesThatRead, openEdits } from "./edits.js";
import { showEntities } from "./entity-pane.js";
import { importTab } from "./import-tab.js";
import { countProblems, lineFaults, renderProblems } from "./problems.js";
import { wholeSourceTab } from "./run-tabs.js";
import { askAboutDisk, keepDraft, keepTypedBeside, openSave, readDraft, typedTexts } from "./save.js";
import { openSourcePane } from "./source-pane.js";
import { openSplits, openTabs } from "./tabs.js";

let facts = await call("start", {});
/** The mapping as it lies on the disk, and what the page knows of the files. */
let saved = facts.isProposed ? undefined : facts.mapping;
let known = facts.files;
let source = 0;
let sample: SampleFacts | undefined;
let evaluation: ShownEvaluation | undefined;
let isAsking = false;
let isAskedAgain = false;

const restored = readDraft(facts.file);
keepTypedBeside(facts.file);
const begin = restored?.text ?? facts.mapping;

const pane = openSourcePane({
  position: () => void update(),
  column: (key) => editor.mark(key === undefined ? [] : linesThatRead(evaluation, key)),
  insert: (path) => void edits.insert(path),
});
const editor: MappingEditor = openEditor(
  byId("editor"),
  begin,
  {
    schema: facts.schema,
    columns: () => (sample?.columns ?? []).map(({ expression, type }) => ({ expression, detail: type })),
    keys: (path) => (isOfColumns(path) ? columnKeys(sample) : fieldsAt(facts.blueprints, path)),
    values: (path) =>
      path.at(-1) === "blueprint" ? facts.blueprints.map(({ identifier }) => `'${JSON.stringify(identifier)}'`) : [],
  },
  { change: changed, line: (line) => pane.mark(columnsAt(evaluation, line)) },
);
const edits = openEdits(editor, {
  evaluation: () => evaluation,
  changed: () => loadSample(),
  blueprints(now) {
    facts = now;
    tabs.refresh("blueprints");
    showSaved();
    void update();
  },
  failed: (message) => (byId("saved").textContent = message),
});
const whole = wholeSourceTab({ facts: () => facts, mapping: () => editor.text });
const importing = importTab({
  facts: () => facts,
  mapping: () => editor.text,
  done: () => {
    enlarge();
    void update();
  },
  created: () => void refreshFacts(),
});
const tabs = openTabs([
  {
    id: "problems",
    title: () => `Problems${evaluation === undefined ? "" : ` (${countProblems(evaluation)})`}`,
    render: (panel) =>
      renderProblems(panel, evaluation, facts.questions, {
        line: (line) => editor.go(line),
        record: (position) => pane.go(position),
        edit: (edit) => void edits.apply(edit),
      }),
  },
  { id: "whole", title: () => "Whole source", render: (panel) => panel.replaceChildren(whole.element) },
  {
    id: "blueprints",
    title: () => `Blueprints (${facts.blueprints.length})`,
    render: (panel) => blueprintTab(panel, facts, edits.apply),
  },
  { id: "import", title: () => "Dry run and import", render: (panel) => panel.replaceChildren(importing.element) },
]);

const enlarge = openSplits();
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
    if (editor.text !== saved || typedTexts.size > 0) event.preventDefault();
  });
  const isOlder = restored !== undefined && !facts.isProposed && restored.base !== facts.files[facts.file];
  if (isOlder && restored.base !== undefined) known = { ...known, [facts.file]: restored.base };
  showChanged([...new Set([...facts.changed, ...(isOlder ? [facts.file] : [])])]);
  if ((restored !== undefined && restored.text !== facts.mapping) || typedTexts.size > 0)
    byId("saved").textContent = "Restored what was not saved.";
  else showSaved();
}

function showChanged(names: readonly string[]): void {
  askAboutDisk(names, { taken, kept: () => showSaved() });
}

/** Shows what was taken from the disk. */
function taken(now: StudioFacts): void {
  facts = now;
  saved = now.mapping;
  known = now.files;
  if (editor.text !== now.mapping) editor.replace(now.mapping);
  keepDraft(facts.file, undefined);
  showSaved();
  tabs.refresh("blueprints");
  void loadSample();
}

function showSaved(): void {
  const isSame = editor.text === saved && !facts.hasUnsavedBlueprints;
  byId("saved").textContent = isSame
    ? `Saved as ${facts.file}`
    : saved === undefined
      ? "A proposal, not saved yet"
      : "Not saved";
}

function save(): void {
  const { text } = editor;
  openSave({
    ...{ text, known, file: facts.file, folder: facts.folder || (facts.hasUnsavedBlueprints ? "blueprints" : "") },
    hasProposed: facts.proposed.length > 0 || facts.folder !== "",
    done(file, folder, { written, errors, changed: others }) {
      keepDraft(facts.file, undefined);
      keepTypedBeside(file);
      saved = text;
      known = { ...known, ...written };
      facts = {
        ...facts,
        file,
        folder,
        isProposed: false,
        hasUnsavedBlueprints: folder === "" && facts.hasUnsavedBlueprints,
      };
      showChanged(others);
      keep(editor.text);
      const faults = `${errors} ${errors === 1 ? "error" : "errors"}`;
      const warning = errors === 0 ? "" : `, saved with ${faults}: lint will refuse it`;
      byId("saved").textContent = `Saved as ${Object.keys(written).join(", ")}${warning}`;
    },
    take: () => void call("settle", { isTaken: true }).then(taken),
  });
}

/** Has the browser keep what is not saved. */
function keep(text: string): void {
  const base = known[facts.file];
  keepDraft(facts.file, text === saved ? undefined : { text, ...(base !== undefined && { base }) });
}

function changed(text: string): void {
  keep(text);
  showSaved();
  void update();
}

/** Gets again what is known of blueprints and catalog. */
async function refreshFacts(): Promise<void> {
  facts = await call("start", {});
  tabs.refresh("blueprints");
  await update();
}

async function loadSample(): Promise<void> {
  const asked = source;
  const next = await call("sample", { source, mapping: editor.text });
  // Another one was chosen meanwhile.
  if (asked !== source) return;
  sample = next;
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
  editor.showFaults(lineFaults(next));
  if (!next.isBroken) importing.gate(next.missing);
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
