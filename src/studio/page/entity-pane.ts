import type { Payload, TracedValue } from "../../recipes/studio/sample.js";
import type { ShownEvaluation } from "../calls.js";
import { arrange, byId, make, shown, valueAt } from "./api.js";
import { shortPath } from "./problems.js";

interface EntityActions {
  readonly point: (value: TracedValue | undefined) => void;
  readonly go: (line: number) => void;
}

/** Shows what the record that is looked at becomes: every value with its expression and the columns it reads. While the mapping has a fault, what it became before stays, dimmed. */
export function showEntities(evaluation: ShownEvaluation, on: EntityActions): void {
  const { traced, counts, isBroken, unchecked } = evaluation;
  byId("made").classList.toggle("stale", isBroken);
  if (isBroken) {
    byId("made-counts").textContent = "As before the fault: correct it to see what this record becomes.";
    return;
  }
  byId("made-counts").textContent =
    `${counts.records} records of the sample: ${counts.entities} entities, ${counts.skipped} skipped, ${counts.failed} failed${uncheckedWords(unchecked)}`;
  byId("made-counts").classList.toggle("warn", unchecked.length > 0);
  const groups = new Map<string, TracedValue[]>();
  for (const value of traced?.values ?? []) {
    const key = `${value.resource} ${value.item}`;
    groups.set(key, [...(groups.get(key) ?? []), value]);
  }
  const before = blocks;
  blocks = new Map();
  for (const [key, values] of groups) {
    const at = traced?.payloads.findIndex(({ resource, item }) => `${resource} ${item}` === key) ?? -1;
    const block = before.get(key) ?? newBlock();
    const payload = traced?.payloads[at];
    const isChecked = payload === undefined || !unchecked.includes(payload.blueprint);
    fill(block, values, { payload, isChecked, address: evaluation.addresses[at] ?? "" }, on);
    blocks.set(key, block);
  }
  const all = [...blocks.values()].map(({ element }) => element);
  arrange(byId("made"), all.length === 0 ? [make("p", {}, "No resource of the mapping takes this record.")] : all);
}

/** Entities of blueprints that are not known may be right or wrong. */
function uncheckedWords(unchecked: readonly string[]): string {
  if (unchecked.length === 0) return "";
  return `; not checked: there is no blueprint ${unchecked.join(", ")}`;
}

/** What the head of an entity is made of. */
interface Head {
  readonly payload: Payload | undefined;
  /** Whether its blueprint is known. */
  readonly isChecked: boolean;
  /** Where the catalog shows it; empty where it does not. */
  readonly address: string;
}

/** An entity as it is shown, kept so that only what changed is drawn again. */
interface Block {
  readonly element: HTMLElement;
  readonly caption: HTMLElement;
  readonly body: HTMLElement;
  /** What its head shows. */
  head: string;
  /** Its rows, by all that they show. */
  rows: ReadonlyMap<string, HTMLElement>;
}

let blocks = new Map<string, Block>();

function newBlock(): Block {
  const [caption, body] = [make("caption", { class: "hidden" }), make("tbody")];
  const element = make("article", { class: "entity" }, make("table", { class: "values" }, caption, body));
  return { element, caption, body, head: "", rows: new Map() };
}

function fill(block: Block, values: readonly TracedValue[], made: Head, on: EntityActions): void {
  const { payload, isChecked, address } = made;
  const faults = payload?.faults ?? [];
  const body = payload?.body as { readonly identifier?: unknown } | undefined;
  const name =
    payload === undefined
      ? "skipped"
      : `${payload.blueprint} / ${shown(body?.identifier ?? values.find(({ path }) => path.endsWith(".identifier"))?.value)}`;
  const head = JSON.stringify([name, faults, address, isChecked, payload === undefined]);
  if (head !== block.head) {
    block.head = head;
    block.caption.textContent = `Values of ${name}`;
    while (block.element.childElementCount > 1) block.element.firstElementChild?.remove();
    block.element.prepend(...headOf(name, made));
  }
  const shownValues = values.filter(
    ({ path, expression }) => !(path.endsWith(".selector.query") && expression === "true"),
  );
  const rows = new Map<string, HTMLElement>();
  for (const value of shownValues) {
    const field = shortPath(value.path);
    const isFaulty = value.error !== undefined || faults.some(({ path }) => path === field);
    const shownValue = valueAt(payload?.body, field.split(".")) ?? value.value;
    const key = JSON.stringify([value, isFaulty, shownValue]);
    rows.set(key, block.rows.get(key) ?? rowOf(value, field, shownValue, isFaulty, on));
  }
  block.rows = rows;
  arrange(block.body, [...rows.values()]);
}

function headOf(name: string, { payload, isChecked, address }: Head): HTMLElement[] {
  const faults = payload?.faults ?? [];
  const [tone, word] = faults.length > 0 ? ["bad", "failed"] : isChecked ? ["good", "fits"] : ["", "not checked"];
  const badge = make("span", { class: `badge ${tone}` }, word);
  const title = make(
    "h3",
    {},
    name,
    " ",
    payload !== undefined && badge,
    " ",
    address !== "" &&
      make("a", { href: address, target: "_blank", rel: "noreferrer", class: "there" }, "in the catalog"),
  );
  if (faults.length === 0) return [title];
  const listed = faults.map(({ code, path, message }) =>
    make("li", {}, `${path === undefined ? "" : `${path}: `}${message} (${code})`),
  );
  return [title, make("ul", {}, ...listed)];
}

function rowOf(value: TracedValue, field: string, made: unknown, isFaulty: boolean, on: EntityActions): HTMLElement {
  return make(
    "tr",
    {
      "data-path": value.path,
      class: isFaulty ? "failed" : undefined,
      onmouseenter: () => on.point(value),
      onmouseleave: () => on.point(undefined),
    },
    make(
      "th",
      { scope: "row" },
      make(
        "button",
        {
          type: "button",
          class: "link",
          onclick: () => value.line !== undefined && on.go(value.line),
          onfocus: () => on.point(value),
          onblur: () => on.point(undefined),
        },
        ...breakable(field),
      ),
    ),
    make(
      "td",
      {},
      value.error === undefined
        ? made === undefined
          ? make("span", { class: "quiet" }, "nothing")
          : shown(made)
        : make("span", { class: "bad" }, value.error),
      make("code", { class: "from" }, value.expression),
    ),
  );
}

/** A dotted path that may break after its dots, and only there. */
function breakable(field: string): (string | HTMLElement)[] {
  return field.split(/(?<=\.)/).flatMap((part, index) => (index === 0 ? [part] : [make("wbr"), part]));
}
