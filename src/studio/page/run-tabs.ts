import type { RejectGroup } from "../../report/group-causes.js";
import type { StudioFacts } from "../calls.js";
import { Fault, make, stream } from "./api.js";
import { shortPath } from "./problems.js";

/** What a tab that works for long needs of the page. */
export interface RunWorld {
  readonly facts: () => StudioFacts;
  readonly mapping: () => string;
}

/** A tab's content that is kept while another tab is shown, and its work. */
export interface Worker {
  readonly element: HTMLElement;
}

export const number = new Intl.NumberFormat("en-US");

/** The tab that maps and checks the whole source. */
export function wholeSourceTab({ mapping }: RunWorld): Worker {
  const result = make("div", { role: "status" });
  const far = make("p");
  const button = make("button", { type: "button", class: "main" }, "Test the whole source");
  let stop: AbortController | undefined;
  button.addEventListener("click", async () => {
    if (stop !== undefined) return stop.abort();
    stop = new AbortController();
    button.textContent = "Stop";
    result.replaceChildren();
    const said = make("span", {}, " reading…");
    far.replaceChildren(make("progress", { "aria-label": "Test of the whole source" }), said);
    try {
      for await (const event of stream("testAll", { mapping: mapping() }, stop.signal)) {
        if ("progress" in event) {
          const { records, entities } = event.progress;
          said.textContent = ` ${number.format(records.read)} records, ${number.format(entities.mapped)} entities, ${number.format(records.rejected + entities.rejected)} failed so far`;
        } else result.replaceChildren(...outcomeOf(event.counts, event.rejects));
      }
    } catch (error) {
      result.replaceChildren(stop.signal.aborted ? make("p", {}, "Stopped.") : faultOf(error));
    } finally {
      stop = undefined;
      far.replaceChildren();
      button.textContent = "Test the whole source";
    }
  });
  return {
    element: make("div", {}, make("p", {}, button, " maps and checks every record; nothing is sent."), far, result),
  };
}

function outcomeOf(
  {
    records,
    entities,
  }: {
    readonly records: {
      readonly read: number;
      readonly mapped: number;
      readonly skipped: number;
      readonly rejected: number;
    };
    readonly entities: { readonly mapped: number; readonly rejected: number };
  },
  rejects: readonly RejectGroup[],
): HTMLElement[] {
  const failed = records.rejected + entities.rejected;
  return [
    make(
      "p",
      { class: failed === 0 ? "good" : "bad" },
      `${number.format(records.read)} records: ${number.format(records.mapped)} mapped, ${number.format(records.skipped)} skipped, ${number.format(records.rejected)} failed; ${number.format(entities.mapped - entities.rejected)} entities would be sent, ${number.format(entities.rejected)} failed.`,
    ),
    make(
      "ul",
      { class: "problems" },
      ...rejects
        .slice(0, 100)
        .map(({ code, count, message, path, first, value }) =>
          make(
            "li",
            {},
            make("span", { class: "amount bad" }, `${number.format(count)} ×`),
            make(
              "div",
              {},
              make(
                "div",
                {},
                make("code", {}, code),
                ` ${path === undefined ? "" : `${shortPath(path)}: `}${message} `,
                value !== undefined && make("code", { class: "chip" }, value),
              ),
              make(
                "div",
                { class: "quiet" },
                `first: ${first.source}${first.line === undefined ? "" : `:${first.line}`}, record ${first.position}`,
              ),
            ),
          ),
        ),
    ),
  ];
}

/** Why something did not work, as a line of the page. */
export function faultOf(error: unknown): HTMLElement {
  const { message, hint } = error instanceof Fault ? error : { message: String(error), hint: undefined };
  return make("p", { class: "bad", role: "alert" }, `${message}${hint === undefined ? "" : ` ${hint}`}`);
}
