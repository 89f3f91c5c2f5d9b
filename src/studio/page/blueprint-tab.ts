import type { Blueprint, Property } from "../../blueprint.js";
import type { BlueprintEdit, PropertyKind } from "../../recipes/studio/blueprint-edit.js";
import type { StudioFacts } from "../calls.js";
import { make } from "./api.js";

/** Makes a change; gives why it cannot be made. */
type OnEdit = (edit: BlueprintEdit) => Promise<string | undefined>;

const kinds: readonly PropertyKind[] = ["text", "list", "number", "boolean"];
/** Formats of text; the first is none. */
const formats = ["", "url", "email", "date-time", "markdown", "yaml", "ipv4", "ipv6", "user", "team", "timer"];

/** Shows the blueprints: properties with their types, and relations with their targets. What is only proposed can be edited. */
export function blueprintTab(panel: HTMLElement, facts: StudioFacts, edit: OnEdit): void {
  const { blueprints, graph } = facts;
  if (blueprints.length === 0) {
    panel.replaceChildren(
      make("p", {}, "No blueprint is known: give --blueprints, or credentials, so that values are typed and checked."),
    );
    return;
  }
  const open = new Set([...panel.querySelectorAll<HTMLDetailsElement>("details[open]")].map(({ id }) => id));
  const { renamed } = facts;
  if (renamed !== undefined)
    for (const part of ["blueprint", "text"])
      if (open.has(`${part}-${renamed.from}`)) open.add(`${part}-${renamed.to}`);
  const drawn = make("div", { class: "panel", tabindex: 0, role: "region", "aria-label": "Graph of relations" });
  // The server's own SVG, in which every name is escaped.
  drawn.innerHTML = graph;
  panel.replaceChildren(
    drawn,
    ...blueprints.map((blueprint) => {
      const id = `blueprint-${blueprint.identifier}`;
      return detailsOf(blueprint, facts, edit, { id, open: open.has(id) }, open);
    }),
  );
}

function detailsOf(
  blueprint: Blueprint,
  facts: StudioFacts,
  edit: OnEdit,
  attributes: { readonly id: string; readonly open: boolean },
  openTexts: ReadonlySet<string>,
): HTMLElement {
  const { identifier, title, schema, relations = {} } = blueprint;
  const isProposed = facts.proposed.includes(identifier);
  const isMissing = facts.missing.includes(identifier);
  const why = isProposed
    ? ""
    : isMissing && facts.blueprintFolder !== undefined
      ? `It comes from the folder ${facts.blueprintFolder}: edit its file there, then reload this page.`
      : "It comes from the catalog, whose entities may hold values by it: change it there, or by portload blueprint apply.";
  return make(
    "details",
    { class: "entity", ...attributes },
    make(
      "summary",
      {},
      make("strong", {}, identifier),
      ` ${title ?? ""} `,
      isMissing ? make("span", { class: "badge" }, isProposed ? "proposed" : "not in the catalog") : "",
    ),
    why !== "" && make("p", { class: "quiet why" }, why),
    make(
      "table",
      { class: "values" },
      make("caption", { class: "hidden" }, `Fields of ${identifier}`),
      make(
        "tbody",
        {},
        ...Object.entries(schema.properties).map(([name, property]) =>
          make(
            "tr",
            {},
            make("th", { scope: "row" }, name),
            make(
              "td",
              {},
              ...(isProposed ? controls(identifier, name, property, edit) : []),
              typeWords(property, isProposed),
              schema.required?.includes(name) ? ", required" : "",
            ),
          ),
        ),
        ...Object.entries(relations).map(([name, { target, many, required }]) =>
          make(
            "tr",
            {},
            make("th", { scope: "row" }, name),
            make("td", {}, `→ ${target}${many ? ", many" : ""}${required ? ", required" : ""}`),
          ),
        ),
      ),
    ),
    isProposed && adder(identifier, edit),
    isProposed && textOf(blueprint, edit, openTexts),
  );
}

/** What was typed of a blueprint's text and is not taken yet, by identifier. */
const typed = new Map<string, string>();

/** The blueprint as text: all of it can be changed there, relations and enumerations among it. */
function textOf(blueprint: Blueprint, edit: OnEdit, open: ReadonlySet<string>): HTMLElement {
  const { identifier } = blueprint;
  const now = JSON.stringify(blueprint, null, 2);
  const area = make("textarea", {
    "aria-label": `Text of ${identifier}`,
    rows: Math.min(24, now.split("\n").length),
    spellcheck: "false",
  });
  area.value = typed.get(identifier) ?? now;
  const fault = make("p", { class: "bad", role: "alert" });
  const apply = async (): Promise<void> => {
    const text = area.value;
    const before = typed.get(identifier);
    typed.delete(identifier);
    const why = await edit({ kind: "setText", blueprint: identifier, text });
    if (why === undefined) return;
    if (before !== undefined) typed.set(identifier, before);
    fault.textContent = why;
    area.focus();
  };
  area.addEventListener("input", () => typed.set(identifier, area.value));
  area.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) void apply();
  });
  const back = (): void => {
    typed.delete(identifier);
    area.value = now;
    fault.textContent = "";
  };
  const id = `text-${identifier}`;
  return make(
    "details",
    { id, open: open.has(id), class: "as-text" },
    make("summary", {}, "As text: relations, allowed values, titles and all else"),
    area,
    fault,
    make(
      "p",
      {},
      make("button", { type: "button", class: "main", onclick: () => void apply() }, "Take this text"),
      " ",
      make("button", { type: "button", onclick: back }, "Back to what it was"),
      make("span", { class: "quiet" }, " JSON or YAML"),
    ),
  );
}

/** What the controls do not say. */
function typeWords({ type, format, enum: words }: Property, isProposed: boolean): string {
  const listed = words === undefined ? "" : `: ${words.join(", ")}`;
  return isProposed && type !== "object" ? listed && ` one of${listed}` : `${format ?? type}${listed}`;
}

function controls(blueprint: string, property: string, { type, format = "" }: Property, edit: OnEdit): HTMLElement[] {
  const kind = type === "string" ? "text" : type === "array" ? "list" : type;
  const remove = make(
    "button",
    {
      type: "button",
      "aria-label": `Remove ${property}`,
      onclick: () => void edit({ kind: "removeProperty", blueprint, property }),
    },
    "Remove",
  );
  if (kind === "object") return [remove];
  const chosen = choice(
    `Type of ${property}`,
    kinds,
    kind,
    (now) => void edit({ kind: "setType", blueprint, property, type: now as PropertyKind }),
  );
  if (kind !== "text") return [chosen, remove];
  const all = formats.includes(format) ? formats : [...formats, format];
  return [
    chosen,
    choice(
      `Format of ${property}`,
      all,
      format,
      (now) => void edit({ kind: "setType", blueprint, property, type: "text", ...(now !== "" && { format: now }) }),
    ),
    remove,
  ];
}

function choice(name: string, words: readonly string[], now: string, on: (word: string) => void): HTMLElement {
  return make(
    "select",
    { "aria-label": name, onchange: (event) => on((event.target as HTMLSelectElement).value) },
    ...words.map((word) => make("option", { value: word, selected: word === now }, word === "" ? "no format" : word)),
  );
}

/** The line that adds a property. */
function adder(blueprint: string, edit: OnEdit): HTMLElement {
  const name = make("input", {
    "aria-label": `New property of ${blueprint}`,
    placeholder: "newProperty",
    required: true,
  });
  const kind = make(
    "select",
    { "aria-label": `Type of the new property of ${blueprint}` },
    ...kinds.map((word) => make("option", { value: word }, word)),
  );
  const form = make("form", { class: "adder" }, name, kind, make("button", { type: "submit" }, "Add property"));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void edit({ kind: "addProperty", blueprint, property: name.value.trim(), type: kind.value as PropertyKind });
  });
  return form;
}
