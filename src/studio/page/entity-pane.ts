import type { Payload, TracedValue } from "../../recipes/studio/sample.js";
import type { ShownEvaluation } from "../calls.js";
import { byId, make, shown, valueAt } from "./api.js";
import { shortPath } from "./problems.js";

interface EntityActions {
  readonly point: (value: TracedValue | undefined) => void;
  readonly go: (line: number) => void;
}

/** Shows what the record that is looked at becomes: every value with its expression and the columns it reads. While the mapping has a fault, what it became before stays, dimmed. */
export function showEntities(evaluation: ShownEvaluation, on: EntityActions): void {
  const { traced, counts, isBroken } = evaluation;
  byId("made").classList.toggle("stale", isBroken);
  if (isBroken) {
    byId("made-counts").textContent = "As before the fault: correct it to see what this record becomes.";
    return;
  }
  byId("made-counts").textContent =
    `${counts.records} records of the sample: ${counts.entities} entities, ${counts.skipped} skipped, ${counts.failed} failed`;
  const groups = new Map<string, TracedValue[]>();
  for (const value of traced?.values ?? []) {
    const key = `${value.resource} ${value.item}`;
    groups.set(key, [...(groups.get(key) ?? []), value]);
  }
  const blocks = [...groups].map(([key, values]) => {
    const at = traced?.payloads.findIndex(({ resource, item }) => `${resource} ${item}` === key) ?? -1;
    return blockOf(values, traced?.payloads[at], evaluation.addresses[at] ?? "", on);
  });
  byId("made").replaceChildren(
    ...(blocks.length === 0 ? [make("p", {}, "No resource of the mapping takes this record.")] : blocks),
  );
}

function blockOf(
  values: readonly TracedValue[],
  payload: Payload | undefined,
  address: string,
  on: EntityActions,
): HTMLElement {
  const faults = payload?.faults ?? [];
  const body = payload?.body as { readonly identifier?: unknown } | undefined;
  const name =
    payload === undefined
      ? "skipped"
      : `${payload.blueprint} / ${shown(body?.identifier ?? values.find(({ path }) => path.endsWith(".identifier"))?.value)}`;
  const badge = make(
    "span",
    { class: `badge ${faults.length === 0 ? "good" : "bad"}` },
    faults.length === 0 ? "fits" : "failed",
  );
  return make(
    "article",
    { class: "entity" },
    make(
      "h3",
      {},
      name,
      " ",
      payload !== undefined && badge,
      " ",
      address !== "" &&
        make("a", { href: address, target: "_blank", rel: "noreferrer", class: "there" }, "in the catalog"),
    ),
    faults.length > 0 &&
      make(
        "ul",
        {},
        ...faults.map(({ code, path, message }) =>
          make("li", {}, `${path === undefined ? "" : `${path}: `}${message} (${code})`),
        ),
      ),
    make(
      "table",
      { class: "values" },
      make("caption", { class: "hidden" }, `Values of ${name}`),
      make(
        "tbody",
        {},
        ...values
          .filter(({ path, expression }) => !(path.endsWith(".selector.query") && expression === "true"))
          .map((value) => rowOf(value, payload, on)),
      ),
    ),
  );
}

function rowOf(value: TracedValue, payload: Payload | undefined, on: EntityActions): HTMLElement {
  const field = shortPath(value.path);
  const isFaulty = value.error !== undefined || (payload?.faults ?? []).some(({ path }) => path === field);
  const made = valueAt(payload?.body, field.split(".")) ?? value.value;
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

/** A dotted path that may break behind its dots, and only there. */
function breakable(field: string): (string | HTMLElement)[] {
  return field.split(/(?<=\.)/).flatMap((part, index) => (index === 0 ? [part] : [make("wbr"), part]));
}
