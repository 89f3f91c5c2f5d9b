import type { Evaluation } from "../../recipes/studio/evaluate.js";
import type { Fix } from "../../recipes/studio/fixes.js";
import { make } from "./api.js";
import type { LineFault } from "./editor.js";

/** What the problems' buttons do. */
interface ProblemActions {
  readonly line: (line: number) => void;
  readonly record: (position: number) => void;
  readonly edit: (edit: Fix["edit"]) => void;
}

/** How many problems there are: faults of the mapping, and causes of rejects in the sample. */
export function countProblems({ findings, problems }: Evaluation): number {
  return findings.filter(({ severity }) => severity !== "note").length + problems.length;
}

/** What is reported at lines of the mapping. */
export function lineFaults(next: Evaluation): readonly LineFault[] {
  return [
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
  ];
}

/** Lists faults of the mapping, then causes of rejects with their counts, then questions and notes; each with buttons that go where it is, or correct it. */
export function renderProblems(
  panel: HTMLElement,
  evaluation: Evaluation | undefined,
  questions: readonly string[],
  on: ProblemActions,
): void {
  if (evaluation === undefined) return;
  const { findings, problems } = evaluation;
  const key = JSON.stringify([findings, problems, questions]);
  if (key === drawn?.key && panel.contains(drawn.list)) return;
  const open = new Set([...panel.querySelectorAll<HTMLElement>("details[open]")].map(({ id }) => id));
  const finding = (one: Evaluation["findings"][number]) => {
    const tone = { error: "bad", warning: "warn", note: "quiet" }[one.severity];
    const where = one.path === "" ? "" : `${shortPath(one.path)}: `;
    return item({ ...one, tone, amount: one.severity, text: `${where}${one.message}`, positions: [] }, on);
  };
  const cause = (one: Evaluation["problems"][number]) => {
    const where = [one.blueprint, one.path].filter((word) => word !== undefined).join(" ");
    return item({ ...one, tone: "bad", amount: `${one.count} ×`, text: `${where}${where && ": "}${one.message}` }, on);
  };
  const notes = findings.filter(({ severity }) => severity === "note");
  const faults = findings.filter(({ severity }) => severity !== "note");
  const list =
    faults.length + problems.length === 0
      ? make("p", { class: "good" }, "No problem in the mapping, and none in the sample.")
      : make("ul", { class: "problems" }, ...faults.map(finding), ...problems.map(cause));
  drawn = { key, list };
  panel.replaceChildren(
    list,
    fold(
      { id: "questions", open: open.has("questions") },
      questions.length === 1 ? "1 question of the proposal" : `${questions.length} questions of the proposal`,
      questions.map((question) =>
        make("li", {}, make("span", { class: "amount quiet" }, "?"), make("div", {}, question)),
      ),
    ),
    fold(
      { id: "notes", open: open.has("notes") },
      notes.length === 1 ? "1 note" : `${notes.length} notes`,
      notes.map(finding),
    ),
  );
}

/** What is shown: it is drawn again only when it is another. */
let drawn: { readonly key: string; readonly list: HTMLElement } | undefined;

function fold(
  attributes: { readonly id: string; readonly open: boolean },
  title: string,
  items: readonly HTMLElement[],
): HTMLElement | "" {
  if (items.length === 0) return "";
  return make("details", attributes, make("summary", {}, title), make("ul", { class: "problems" }, ...items));
}

interface Item {
  readonly tone: string;
  readonly amount: string;
  readonly code: string;
  readonly text: string;
  readonly fix: string;
  readonly fixes: readonly Fix[];
  readonly line?: number;
  readonly value?: string;
  readonly positions: readonly number[];
}

function item(one: Item, on: ProblemActions): HTMLElement {
  const { tone, amount, code, text, fix, fixes, line, value, positions } = one;
  const link = (name: string, onclick: () => void) => make("button", { type: "button", class: "link", onclick }, name);
  return make(
    "li",
    {},
    make("span", { class: `amount ${tone}` }, amount),
    make(
      "div",
      {},
      make(
        "div",
        {},
        make("code", {}, code),
        ` ${text} `,
        value !== undefined && make("code", { class: "chip" }, value),
      ),
      make("div", { class: "quiet" }, fix),
    ),
    make(
      "div",
      { class: "acts" },
      ...fixes.map(({ label, edit }) =>
        make("button", { type: "button", class: "fixit", onclick: () => on.edit(edit) }, label),
      ),
      line !== undefined && link(`Line ${line}`, () => on.line(line)),
      ...positions.slice(0, 3).map((position) => link(`Record ${position}`, () => on.record(position))),
    ),
  );
}

/** A leaf's path below its entity: `properties.tier`. */
export function shortPath(path: string): string {
  return path.replace(/^resources\.\d+\.(?:port\.)?(?:entity\.mappings\.)?/, "");
}
