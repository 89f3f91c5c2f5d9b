import type { Evaluation } from "../../recipes/studio/evaluate.js";
import type { TracedValue } from "../../recipes/studio/sample.js";
import type { SampleFacts } from "../calls.js";
import { byId, call, Fault, make } from "./api.js";
import { type MappingEditor, openEditor } from "./editor.js";
import { showEntities } from "./entity-pane.js";
import { importTab, wholeSourceTab } from "./run-tabs.js";
import { openSourcePane } from "./source-pane.js";
import { blueprintTab, countProblems, openTabs, renderProblems } from "./tabs.js";

/** Milliseconds without a key before the mapping is evaluated. */
const pauseMs = 60;

const facts = await call("start", {});
const draftKey = `portload draft of ${facts.file}`;
/** What was last saved, or what lies on the disk. */
let saved = facts.isProposed ? "" : facts.mapping;
let source = 0;
let sample: SampleFacts | undefined;
let evaluation: Evaluation | undefined;
let asked: AbortController | undefined;
let timer: ReturnType<typeof setTimeout> | undefined;

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
  facts.schema,
  () => (sample?.columns ?? []).map(({ expression, type }) => ({ expression, detail: type })),
  { change: changed, line: (line) => pane.mark(columnsAt(line)) },
);
const whole = wholeSourceTab({ facts, mapping: () => editor.text });
const importing = importTab({ facts, mapping: () => editor.text });
const tabs = openTabs([
  {
    id: "problems",
    title: () => `Problems${evaluation === undefined ? "" : ` (${countProblems(evaluation)})`}`,
    render: (panel) =>
      renderProblems(panel, evaluation, {
        line: (line) => editor.go(line),
        record: (position) => pane.go(position),
        blank: (value) => void readAsBlank(value),
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
  byId("save").addEventListener("click", () => openSave());
  document.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.key !== "s") return;
    event.preventDefault();
    openSave();
  });
  addEventListener("beforeunload", (event) => {
    if (editor.text !== saved) event.preventDefault();
  });
  if (restored !== null && restored !== facts.mapping) byId("saved").textContent = "Restored what was not saved.";
  else showSaved();
}

function showSaved(): void {
  byId("saved").textContent =
    editor.text === saved
      ? `Saved as ${facts.file}`
      : facts.isProposed && saved === ""
        ? "A proposal, not saved yet"
        : "Not saved";
}

function changed(text: string): void {
  localStorage.setItem(draftKey, text);
  showSaved();
  clearTimeout(timer);
  timer = setTimeout(() => void update(), pauseMs);
}

async function loadSample(): Promise<void> {
  sample = await call("sample", { source, mapping: editor.text });
  byId("receipt").textContent = sample.receipt;
  pane.show(sample);
  await update();
}

/** Evaluates the mapping as it is now; an answer that a later question has overtaken is dropped. */
async function update(): Promise<void> {
  asked?.abort();
  asked = new AbortController();
  const mine = asked;
  const { position } = pane;
  try {
    const next = await call(
      "evaluate",
      { source, mapping: editor.text, ...(position !== undefined && { position }) },
      mine.signal,
    );
    if (mine !== asked) return;
    evaluation = next;
    show(next);
  } catch (error) {
    if (mine.signal.aborted) return;
    byId("made").replaceChildren(
      make(
        "p",
        { class: "bad", role: "alert" },
        error instanceof Fault ? `${error.message} ${error.hint ?? ""}` : String(error),
      ),
    );
  }
}

function show(next: Evaluation): void {
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

function linesThatRead(key: string): number[] {
  const values = evaluation?.traced?.values ?? [];
  return values.flatMap(({ line, reads }) => (line !== undefined && reads?.includes(key) ? [line] : []));
}

function columnsAt(line: number): readonly string[] {
  return (evaluation?.traced?.values ?? []).filter((value) => value.line === line).flatMap(({ reads }) => reads ?? []);
}

async function readAsBlank(value: string): Promise<void> {
  const { mapping } = await call("blank", { mapping: editor.text, value });
  editor.replace(mapping);
  await loadSample();
}

function openSave(): void {
  const dialog = byId<HTMLDialogElement>("dialog");
  const file = make("input", { id: "save-file", value: facts.file, required: true });
  const folder = make("input", { id: "save-folder", value: facts.isProposed ? "blueprints" : "" });
  const hint = make("p", { class: "bad", role: "alert" });
  const overwrite: string[] = [];
  const write = make("button", { type: "submit", class: "main" }, "Save");
  const form = make(
    "form",
    { method: "dialog" },
    make("h2", {}, "Save"),
    make("p", {}, make("label", { for: "save-file" }, "Mapping file "), file),
    make("p", {}, make("label", { for: "save-folder" }, "Folder for the blueprints (empty: not saved) "), folder),
    hint,
    make("p", {}, write, " ", make("button", { type: "button", onclick: () => dialog.close() }, "Cancel")),
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      const text = editor.text;
      const blueprints = folder.value.trim();
      const { written } = await call("save", {
        mapping: text,
        file: file.value.trim(),
        ...(blueprints !== "" && { blueprints }),
        overwrite: saved === "" ? overwrite : [...overwrite, facts.file],
      });
      saved = text;
      localStorage.removeItem(draftKey);
      dialog.close();
      byId("saved").textContent = `Saved as ${written.join(", ")}`;
    } catch (error) {
      const message = error instanceof Fault ? error.message : String(error);
      const taken = /^(.*) exists$/.exec(message)?.[1];
      hint.textContent =
        taken === undefined ? message : `${taken} exists. Save again to overwrite it, or give another name.`;
      if (taken !== undefined) overwrite.push(taken);
    }
  });
  dialog.replaceChildren(form);
  dialog.showModal();
}
