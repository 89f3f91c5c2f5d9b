import type { RejectGroup } from "../../report/group-causes.js";
import type { Progress } from "../../report/progress.js";
import type { StudioFacts } from "../calls.js";
import { call, Fault, make, stream } from "./api.js";

/** What a tab that works for long needs of the page. */
export interface RunWorld {
  readonly facts: StudioFacts;
  readonly mapping: () => string;
}

/** A tab's content that is kept while another tab is shown, and its work. */
export interface Worker {
  readonly element: HTMLElement;
}

const number = new Intl.NumberFormat("en-US");

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
                ` ${path ?? ""} ${message}`,
                value === undefined ? "" : make("span", {}, " ", make("code", {}, value)),
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

function progressWords(progress: Progress, dryRun: boolean): string {
  const { read, done, written, rejected, requestsPerSecond, quotaShare, leftMs, waiting } = progress;
  return [
    `${number.format(read)} records read`,
    dryRun ? `${number.format(done)} entities checked` : `${number.format(written)} written`,
    `${number.format(rejected)} failed`,
    `${requestsPerSecond} requests/s`,
    quotaShare !== undefined && `${Math.round(quotaShare * 100)} % of the quota`,
    leftMs !== undefined && `about ${number.format(Math.ceil(leftMs / 1000))} s left`,
    waiting !== undefined && `waiting for the ${waiting.for}`,
  ]
    .filter((part) => part !== false)
    .join(", ");
}

/** The tab of the dry run and the import. @param done - told once one has come to its end */
export function importTab({ facts, mapping, done }: RunWorld & { readonly done: () => void }): Worker {
  const result = make("div");
  const missing = make("div");
  const mode = make(
    "select",
    { "aria-label": "Mode" },
    make("option", { value: "merge" }, "merge: given fields change"),
    make("option", { value: "override" }, "override: it becomes exactly what is sent"),
    make("option", { value: "create" }, "create: what exists is refused"),
  );
  let stop: AbortController | undefined;
  const run = async (dryRun: boolean): Promise<void> => {
    if (stop !== undefined) return;
    stop = new AbortController();
    const halt = make("button", { type: "button", onclick: () => stop?.abort() }, "Stop");
    const said = make("span", {}, " starting…");
    const bar = make("progress", { max: 1, "aria-label": dryRun ? "Dry run" : "Import" });
    const live = make("div", { class: "live" });
    result.replaceChildren(make("p", {}, bar, said, " ", halt), live);
    try {
      const body = { mapping: mapping(), mode: mode.value as "merge" | "override" | "create", dryRun };
      for await (const event of stream("run", body, stop.signal)) {
        if ("progress" in event) {
          said.textContent = ` ${progressWords(event.progress, dryRun)}`;
          if (event.progress.share !== undefined) bar.value = event.progress.share;
          // The server's own HTML, in which every value is escaped.
          if (event.live !== undefined) live.innerHTML = event.live;
        } else {
          const { exitCode, verdict, folder } = event;
          result.replaceChildren(
            make("p", { class: exitCode === 0 ? "good" : "bad", role: "status" }, verdict),
            make(
              "p",
              { class: "quiet" },
              `exit code ${exitCode}, files in ${folder} `,
              make("a", { href: "/report", target: "_blank", rel: "noopener" }, "Open the report"),
            ),
            make("iframe", { class: "report", src: "/report", title: "Report" }),
          );
          done();
        }
      }
    } catch (error) {
      result.replaceChildren(
        stop.signal.aborted ? make("p", {}, "Stopped; what was acknowledged is in the catalog.") : faultOf(error),
      );
    } finally {
      stop = undefined;
    }
  };
  const showMissing = (names: readonly string[]): void => {
    missing.replaceChildren();
    if (names.length === 0 || !facts.hasCredentials) return;
    const create = make("button", { type: "button" }, `Create ${names.length === 1 ? "it" : "them"} in the catalog`);
    create.addEventListener("click", async () => {
      create.disabled = true;
      try {
        const { created } = await call("createBlueprints", {});
        missing.replaceChildren(make("p", { class: "good" }, `Created ${created.join(", ")}.`));
      } catch (error) {
        create.disabled = false;
        missing.append(faultOf(error));
      }
    });
    missing.append(make("p", { class: "warn" }, `The catalog has no blueprint ${names.join(", ")} yet. `, create));
  };
  showMissing(facts.missing);
  const buttons = facts.hasCredentials
    ? [
        make("button", { type: "button", onclick: () => run(true) }, "Dry run"),
        " ",
        make("button", { type: "button", class: "main", onclick: () => run(false) }, "Import"),
        " ",
        mode,
      ]
    : [
        make(
          "span",
          { class: "warn" },
          "No credentials: set PORT_CLIENT_ID and PORT_CLIENT_SECRET where portload studio is started.",
        ),
      ];
  return {
    element: make(
      "div",
      {},
      make("p", {}, make("span", { class: "quiet" }, `into ${facts.target} `)),
      missing,
      make("p", {}, ...buttons),
      result,
    ),
  };
}

function faultOf(error: unknown): HTMLElement {
  const { message, hint } = error instanceof Fault ? error : { message: String(error), hint: undefined };
  return make("p", { class: "bad", role: "alert" }, `${message}${hint === undefined ? "" : ` ${hint}`}`);
}
