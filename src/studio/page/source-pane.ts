import type { Evaluation } from "../../recipes/studio/evaluate.js";
import type { SampleFacts } from "../calls.js";
import { byId, make, shown, valueAt } from "./api.js";

/** The source's pane: one record at a time, each of its values beside what its column holds. */
export interface SourcePane {
  show(sample: SampleFacts): void;
  /** Marks columns, such as those that an expression reads. */
  mark(keys: readonly string[]): void;
  /** Which records failed, so that one can step through them. */
  judge(evaluation: Evaluation): void;
  go(position: number): void;
  readonly position: number | undefined;
}

/** Opens the pane. @param on - called with the record looked at, and the column pointed at */
export function openSourcePane(on: {
  readonly position: (position: number) => void;
  readonly column: (key: string | undefined) => void;
  readonly insert: (path: readonly string[]) => void;
}): SourcePane {
  let sample: SampleFacts = { reading: "", receipt: "", isTabular: true, surveyed: 0, columns: [], records: [] };
  let index = 0;
  let failed: readonly number[] = [];
  let marked: readonly string[] = [];
  /** Keys that some expression reads; undefined where one may read any. */
  let read: ReadonlySet<string> | undefined;
  const step = (to: number): void => {
    index = Math.max(0, Math.min(sample.records.length - 1, to));
    render();
    const position = sample.records[index]?.position;
    if (position !== undefined) on.position(position);
  };
  const render = (): void => {
    renderSteps();
    const value = sample.records[index]?.value;
    byId("rows").replaceChildren(
      make(
        "table",
        { class: "values" },
        make("caption", { class: "hidden" }, "Columns of the source, with the value of this record"),
        make("tbody", {}, ...sample.columns.map((column) => rowOf(column, value))),
      ),
    );
    showRead();
  };
  /** Says of each column whether some expression reads it. */
  const showRead = (): void => {
    for (const [at, note] of [...byId("rows").querySelectorAll<HTMLElement>(".unread")].entries())
      note.hidden = read === undefined || read.has(sample.columns[at]?.path[0] ?? "");
  };
  const renderSteps = (): void => {
    const record = sample.records[index];
    const nextFailed = failed.find((position) => position > (record?.position ?? 0)) ?? failed[0];
    const go = (position: number): void => step(sample.records.findIndex((one) => one.position === position));
    const focused = byId("columns").querySelector<HTMLElement>(".steps :focus")?.id;
    const number = make("input", {
      id: "step-record",
      type: "number",
      min: 1,
      max: sample.records.at(-1)?.position ?? 1,
      value: record?.position ?? 1,
      "aria-label": "Record",
      onchange: (event) => go(Number((event.target as HTMLInputElement).value)),
    });
    byId("columns").replaceChildren(
      make(
        "div",
        { class: "steps" },
        make(
          "button",
          {
            id: "step-back",
            type: "button",
            "aria-label": "Previous record",
            onclick: () => step(index - 1),
            disabled: index === 0,
          },
          "◀",
        ),
        make("span", {}, "Record "),
        number,
        make(
          "span",
          { class: "quiet" },
          [
            // Those after the first ones were added because they failed.
            (record?.position ?? 0) <= sample.records.length && `of ${sample.records.length}`,
            record?.line !== undefined && `line ${record.line}`,
          ]
            .filter((part) => part !== false)
            .join(", "),
        ),
        make(
          "button",
          {
            id: "step-on",
            type: "button",
            "aria-label": "Next record",
            onclick: () => step(index + 1),
            disabled: index >= sample.records.length - 1,
          },
          "▶",
        ),
        make(
          "button",
          {
            id: "step-failed",
            type: "button",
            onclick: () => nextFailed !== undefined && go(nextFailed),
            disabled: failed.length === 0,
          },
          `Next failed (${failed.length})`,
        ),
        // Its space is kept, so that the table stays where it is from record to record.
        sample.records.some(({ refused }) => refused !== undefined)
          ? make("p", { class: "bad refused", title: record?.refused }, record?.refused ?? "")
          : "",
      ),
      sample.fault
        ? make("p", { class: "bad", role: "alert" }, `${sample.fault.message} ${sample.fault.hint ?? ""}`)
        : "",
    );
    if (focused === undefined) return;
    // The button that was pressed keeps the focus; at the end, where it is off, the number beside it has it.
    byId(focused).focus();
    if (document.activeElement?.id !== focused) number.focus();
  };
  const rowOf = (column: SampleFacts["columns"][number], value: unknown): HTMLElement => {
    const key = column.path[0] ?? "";
    const share = sample.surveyed === 0 ? 0 : Math.round((column.blank / sample.surveyed) * 1000) / 10;
    const distinct = column.isManyDistinct
      ? "many values"
      : `${column.distinct} ${column.distinct === 1 ? "value" : "values"}`;
    const examples = column.examples.length === 0 ? "" : ` · such as ${column.examples.join(", ")}`;
    const facts = make(
      "span",
      { class: "facts" },
      make("meter", {
        value: column.blank,
        max: Math.max(1, sample.surveyed),
        title: `${share} % empty`,
        "aria-hidden": "true",
      }),
      `${column.type} · ${share} % empty · ${distinct}`,
      make("span", { class: "warn unread" }, " · not read"),
      make("span", { class: "examples" }, examples),
    );
    return make(
      "tr",
      {
        class: marked.includes(key) ? "linked" : undefined,
        onmouseenter: () => on.column(key),
        onmouseleave: () => on.column(undefined),
      },
      make(
        "th",
        { scope: "row" },
        make(
          "button",
          {
            type: "button",
            class: "link",
            title: `Insert ${column.expression} into the mapping`,
            onclick: () => on.insert(column.path),
            onfocus: () => on.column(key),
            onblur: () => on.column(undefined),
          },
          column.path.join(" › "),
        ),
        make("span", { class: "cell" }, shown(valueAt(value, column.path))),
        facts,
      ),
    );
  };
  return {
    show(next) {
      sample = next;
      index = Math.min(index, Math.max(0, next.records.length - 1));
      render();
    },
    mark(keys) {
      marked = keys;
      for (const [at, row] of [...byId("rows").querySelectorAll("tr")].entries())
        row.classList.toggle("linked", keys.includes(sample.columns[at]?.path[0] ?? ""));
      const [first] = byId("rows").querySelectorAll<HTMLElement>("tr.linked");
      if (first !== undefined) reveal(first);
    },
    judge(evaluation) {
      if (evaluation.isBroken) return;
      const values = evaluation.traced?.values ?? [];
      const isKnown = values.length > 0 && values.every(({ reads }) => reads !== undefined);
      read = isKnown ? new Set(values.flatMap(({ reads }) => reads ?? [])) : undefined;
      showRead();
      if (evaluation.failed.join() === failed.join()) return;
      failed = evaluation.failed;
      renderSteps();
    },
    go(position) {
      step(sample.records.findIndex((record) => record.position === position));
    },
    get position() {
      return sample.records[index]?.position;
    },
  };
}

/** Scrolls the pane alone, so that a row is seen; where the pane is as tall as its content, nothing moves. */
function reveal(row: HTMLElement): void {
  const pane = byId("records");
  const [top, bottom] = [pane.getBoundingClientRect().top, pane.getBoundingClientRect().bottom];
  const at = row.getBoundingClientRect();
  if (at.top < top) pane.scrollTop += at.top - top - 8;
  else if (at.bottom > bottom) pane.scrollTop += at.bottom - bottom + 8;
}
