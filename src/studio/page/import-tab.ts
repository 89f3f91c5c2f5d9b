import type { Progress } from "../../report/progress.js";
import { byId, call, make, stream } from "./api.js";
import { faultOf, number, type RunWorld, type Worker } from "./run-tabs.js";

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

/** The tab of the dry run and the import. */
interface ImportTab extends Worker {
  /** Returns which blueprints the mapping writes and the catalog lacks: nothing can be sent while there are any. */
  gate(missing: readonly string[]): void;
}

interface ImportWorld extends RunWorld {
  /** Told once a run has come to its end. */
  readonly done: () => void;
  /** Told once blueprints were created. */
  readonly created: () => void;
}

/** Opens the tab of the dry run and the import. */
export function importTab(world: ImportWorld): ImportTab {
  const { mapping } = world;
  const { target, hasCredentials } = world.facts();
  const result = make("div");
  const missing = make("div");
  const modes = [
    "merge: given fields change",
    "override: it becomes exactly what is sent",
    "create: what exists is refused",
  ];
  const mode = make(
    "select",
    { "aria-label": "Mode" },
    ...modes.map((label) => make("option", { value: label.split(":")[0] }, label)),
  );
  let stop: AbortController | undefined;
  /** Works with a bar and a button that stops it. */
  const working = async (
    name: string,
    work: (signal: AbortSignal, show: (words: string, share?: number) => void, live: HTMLElement) => Promise<void>,
    stopped: string,
  ): Promise<void> => {
    if (stop !== undefined) return;
    stop = new AbortController();
    const { signal } = stop;
    const halt = make("button", { type: "button", onclick: () => stop?.abort() }, "Stop");
    const said = make("span", {}, " starting…");
    const bar = make("progress", { max: 1, "aria-label": name });
    const live = make("div", { class: "live" });
    result.replaceChildren(make("p", { class: "tools" }, bar, said, halt), live);
    const show = (words: string, share?: number): void => {
      said.textContent = ` ${words}`;
      if (share !== undefined) bar.value = share;
    };
    try {
      await work(signal, show, live);
    } catch (error) {
      result.replaceChildren(signal.aborted ? make("p", {}, stopped) : faultOf(error));
    } finally {
      stop = undefined;
    }
  };
  const run = (dryRun: boolean): Promise<void> =>
    working(
      dryRun ? "Dry run" : "Import",
      async (signal, show, live) => {
        const body = { mapping: mapping(), mode: mode.value as "merge" | "override" | "create", dryRun };
        for await (const event of stream("run", body, signal)) {
          if ("progress" in event) {
            show(progressWords(event.progress, dryRun), event.progress.share);
            // The server's own HTML, in which every value is escaped.
            if (event.live !== undefined) live.innerHTML = event.live;
          } else {
            const { exitCode, verdict, tone, folder } = event;
            result.replaceChildren(
              make("p", { class: tone, role: "status" }, verdict),
              make(
                "p",
                { class: "quiet" },
                `exit code ${exitCode}, files in ${folder} `,
                make("a", { href: "/report", target: "_blank", rel: "noopener" }, "Open the report"),
              ),
              make("iframe", { class: "report", src: "/report", title: "Report" }),
            );
            world.done();
          }
        }
      },
      "Stopped; what was acknowledged is in the catalog.",
    );
  /** Counts what would be sent, by the whole source, and asks before it is. */
  const ask = (): Promise<void> =>
    working(
      "Count of what is to be imported",
      async (signal, show) => {
        for await (const event of stream("testAll", { mapping: mapping() }, signal)) {
          if ("progress" in event) {
            show(`${number.format(event.progress.records.read)} records counted`);
            continue;
          }
          const { records, entities } = event.counts;
          const sent = entities.mapped - entities.rejected;
          const failed = records.rejected + entities.rejected;
          result.replaceChildren();
          confirmImport(
            `${number.format(sent)} ${sent === 1 ? "entity is" : "entities are"} written into ${target}; ${number.format(failed)} failed and ${failed === 1 ? "is" : "are"} left out.`,
            () => void run(false),
          );
        }
      },
      "Stopped; nothing was sent.",
    );
  const buttons = [
    make("button", { type: "button", onclick: () => void run(true) }, "Dry run"),
    make("button", { type: "button", class: "main", onclick: () => void ask() }, "Import"),
  ];
  const showMissing = (names: readonly string[]): void => {
    missing.replaceChildren();
    if (names.length === 0) return;
    const known = names.filter((name) => world.facts().missing.includes(name));
    const create = make("button", { type: "button" }, `Create ${known.length === 1 ? "it" : "them"} in the catalog`);
    create.addEventListener("click", async () => {
      create.disabled = true;
      try {
        const { created } = await call("createBlueprints", {});
        gate([]);
        missing.replaceChildren(make("p", { class: "good", role: "status" }, `Created ${created.join(", ")}.`));
        result.replaceChildren();
        world.created();
      } catch (error) {
        create.disabled = false;
        missing.append(faultOf(error));
      }
    });
    const [one, them] = names.length === 1 ? ["blueprint", "it is"] : ["blueprints", "they are"];
    const reason = `The catalog has no ${one} ${names.join(", ")} yet: dry run and import are off until ${them} there. `;
    missing.append(make("p", { class: "warn", id: "why-off" }, reason, known.length === names.length && create));
  };
  let gated = "";
  const gate = (names: readonly string[]): void => {
    const now = hasCredentials ? names : [];
    for (const button of buttons) {
      button.disabled = now.length > 0;
      if (now.length > 0) button.setAttribute("aria-describedby", "why-off");
      else button.removeAttribute("aria-describedby");
    }
    if (now.join() === gated) return;
    gated = now.join();
    showMissing(now);
  };
  const none = "No credentials: set PORT_CLIENT_ID and PORT_CLIENT_SECRET where portload studio is started.";
  return {
    gate,
    element: make(
      "div",
      {},
      make("p", {}, make("span", { class: "quiet" }, `into ${target} `)),
      missing,
      make(
        "p",
        { class: "tools" },
        ...(hasCredentials ? [buttons[0], buttons[1], mode] : [make("span", { class: "warn" }, none)]),
      ),
      result,
    ),
  };
}

/** Asks once, with what would be done. */
function confirmImport(words: string, go: () => void): void {
  const dialog = byId<HTMLDialogElement>("dialog");
  const yes = (): void => {
    dialog.close();
    go();
  };
  dialog.setAttribute("aria-labelledby", "import-title");
  dialog.replaceChildren(
    make("h2", { id: "import-title" }, "Import"),
    make("p", {}, words),
    make(
      "p",
      {},
      make("button", { type: "button", class: "main", onclick: yes }, "Import now"),
      " ",
      make("button", { type: "button", onclick: () => dialog.close() }, "Cancel"),
    ),
  );
  dialog.showModal();
}
