import type { Evaluation } from "../../recipes/studio/evaluate.js";
import { make } from "./dom.js";

/** What the problems' buttons do. */
export interface ProblemActions {
  readonly line: (line: number) => void;
  readonly record: (position: number) => void;
  readonly blank: (value: string) => void;
}

/** How many problems there are: faults of the mapping, and causes of rejects in the sample. */
export function countProblems({ findings, problems }: Evaluation): number {
  return findings.filter(({ severity }) => severity !== "note").length + problems.length;
}

/** Lists faults of the mapping, then causes of rejects with their counts, then notes; each with buttons that go where it is, or correct it. */
export function renderProblems(panel: HTMLElement, evaluation: Evaluation | undefined, on: ProblemActions): void {
  if (evaluation === undefined) return;
  const { findings, problems } = evaluation;
  const finding = ({ severity, code, message, fix, line, path }: Evaluation["findings"][number]) =>
    make(
      "li",
      {},
      make(
        "span",
        { class: `amount ${severity === "error" ? "bad" : severity === "warning" ? "warn" : "quiet"}` },
        severity,
      ),
      make(
        "div",
        {},
        make("div", {}, make("code", {}, code), ` ${path === "" ? "" : `${path}: `}${message}`),
        make("div", { class: "quiet" }, fix),
        make(
          "div",
          { class: "acts" },
          line !== undefined &&
            make("button", { type: "button", class: "link", onclick: () => on.line(line) }, `Line ${line}`),
        ),
      ),
    );
  const cause = ({
    code,
    message,
    fix,
    count,
    path,
    blueprint,
    positions,
    value,
    line,
  }: Evaluation["problems"][number]) =>
    make(
      "li",
      {},
      make("span", { class: "amount bad" }, `${count} ×`),
      make(
        "div",
        {},
        make(
          "div",
          {},
          make("code", {}, code),
          ` ${[blueprint, path].filter((word) => word !== undefined).join(" ")}${path === undefined ? "" : ": "}${message}`,
          value === undefined ? "" : make("span", {}, " ", make("code", {}, value)),
        ),
        make("div", { class: "quiet" }, fix),
        make(
          "div",
          { class: "acts" },
          line !== undefined &&
            make("button", { type: "button", class: "link", onclick: () => on.line(line) }, `Line ${line}`),
          ...positions.map((position) =>
            make("button", { type: "button", class: "link", onclick: () => on.record(position) }, `Record ${position}`),
          ),
          value !== undefined &&
            readable.has(code) &&
            make(
              "button",
              { type: "button", onclick: () => on.blank(value) },
              `Read ${JSON.stringify(value)} as no value`,
            ),
        ),
      ),
    );
  const [notes, faults] = [
    findings.filter(({ severity }) => severity === "note"),
    findings.filter(({ severity }) => severity !== "note"),
  ];
  panel.replaceChildren(
    faults.length + problems.length === 0
      ? make("p", { class: "good" }, "No problem in the mapping, and none in the sample.")
      : make("ul", { class: "problems" }, ...faults.map(finding), ...problems.map(cause)),
    notes.length === 0
      ? ""
      : make(
          "details",
          {},
          make("summary", {}, notes.length === 1 ? "1 note" : `${notes.length} notes`),
          make("ul", { class: "problems" }, ...notes.map(finding)),
        ),
  );
}

/** Faults of a value that may stand for "no value". */
const readable = new Set([
  "wrong_type",
  "not_in_enum",
  "bad_format",
  "column_invalid",
  "identifier_invalid",
  "relation_invalid",
]);
