import type { StudioFacts } from "../calls.js";
import { make } from "./dom.js";

/** Shows the blueprints: properties with their types, and relations with their targets. */
export function blueprintTab(panel: HTMLElement, { blueprints, missing, graph }: StudioFacts): void {
  if (blueprints.length === 0) {
    panel.replaceChildren(
      make("p", {}, "No blueprint is known: give --blueprints, or credentials, so that values are typed and checked."),
    );
    return;
  }
  const drawn = make("div", { class: "panel", tabindex: 0, role: "region", "aria-label": "Graph of relations" });
  // The server's own SVG, in which every name is escaped.
  drawn.innerHTML = graph;
  panel.replaceChildren(
    drawn,
    ...blueprints.map(({ identifier, title, schema, relations = {} }) =>
      make(
        "details",
        { class: "entity" },
        make(
          "summary",
          {},
          make("strong", {}, identifier),
          ` ${title ?? ""} `,
          missing.includes(identifier) ? make("span", { class: "badge" }, "proposed") : "",
        ),
        make(
          "table",
          { class: "values" },
          make("caption", { class: "hidden" }, `Fields of ${identifier}`),
          make(
            "tbody",
            {},
            ...Object.entries(schema.properties).map(([name, { type, format, enum: words }]) =>
              make(
                "tr",
                {},
                make("th", { scope: "row" }, name),
                make(
                  "td",
                  {},
                  `${format ?? type}${words === undefined ? "" : `: ${words.join(", ")}`}${schema.required?.includes(name) ? ", required" : ""}`,
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
      ),
    ),
  );
}
