import type { Evaluation } from "../../recipes/studio/evaluate.js";
import type { Payload, TracedValue } from "../../recipes/studio/sample.js";
import { byId, make, shown, valueAt } from "./api.js";

/** Shows what the record that is looked at becomes: every value with its expression's line and the columns it reads. */
export function showEntities(
  evaluation: Evaluation,
  on: { readonly point: (value: TracedValue | undefined) => void; readonly go: (line: number) => void },
): void {
  const { traced, counts } = evaluation;
  const summary = make(
    "p",
    { class: "quiet" },
    `${counts.records} records of the sample: ${counts.entities} entities, ${counts.skipped} skipped, ${counts.failed} failed`,
  );
  if (traced === undefined) {
    byId("made").replaceChildren(
      summary,
      make("p", {}, "Correct the faults of the mapping to see what this record becomes."),
    );
    return;
  }
  const groups = new Map<string, TracedValue[]>();
  for (const value of traced.values) {
    const key = `${value.resource} ${value.item}`;
    groups.set(key, [...(groups.get(key) ?? []), value]);
  }
  const blocks = [...groups].map(([key, values]) => {
    const payload = traced.payloads.find(({ resource, item }) => `${resource} ${item}` === key);
    return blockOf(values, payload, on);
  });
  byId("made").replaceChildren(
    summary,
    ...(blocks.length === 0 ? [make("p", {}, "No resource of the mapping takes this record.")] : blocks),
  );
}

function blockOf(
  values: readonly TracedValue[],
  payload: Payload | undefined,
  on: Parameters<typeof showEntities>[1],
): HTMLElement {
  const faults = payload?.faults ?? [];
  const faulty = new Set(faults.map(({ path = "" }) => path));
  const body = payload?.body as { readonly identifier?: unknown } | undefined;
  const name =
    payload === undefined
      ? "skipped"
      : `${payload.blueprint} / ${shown(body?.identifier ?? values.find(({ path }) => path.endsWith(".identifier"))?.value)}`;
  return make(
    "article",
    { class: "entity" },
    make(
      "h3",
      {},
      name,
      " ",
      payload === undefined
        ? ""
        : make(
            "span",
            { class: `badge ${faults.length === 0 ? "good" : "bad"}` },
            faults.length === 0 ? "fits" : "failed",
          ),
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
          .map((value) => {
            const field = fieldOf(value.path);
            return make(
              "tr",
              {
                "data-path": value.path,
                class: faulty.has(field) || value.error !== undefined ? "failed" : undefined,
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
                    title: value.expression,
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
                  ? shown(valueAt(payload?.body, field.split(".")) ?? value.value)
                  : make("span", { class: "bad" }, value.error),
              ),
            );
          }),
      ),
    ),
  );
}

/** A dotted path that may break behind its dots, and only there. */
function breakable(field: string): (string | HTMLElement)[] {
  return field.split(/(?<=\.)/).flatMap((part, index) => (index === 0 ? [part] : [make("wbr"), part]));
}

/** A leaf's path below its entity: `properties.tier`. */
function fieldOf(path: string): string {
  return path.replace(/^resources\.\d+\.(?:port\.)?(?:entity\.mappings\.)?/, "");
}
