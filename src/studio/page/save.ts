import type { FilePrints, TakenFile } from "../../recipes/studio/files.js";
import type { StudioCalls, StudioFacts } from "../calls.js";
import { byId, call, Fault, make } from "./api.js";

type Saved = Extract<StudioCalls["save"]["gives"], { readonly written: FilePrints }>;

/** Asks for names, and saves all files or none. Those that are there are overwritten only if they hold what was read or saved here, or after one question that names them all. */
export function openSave(given: {
  readonly text: string;
  readonly file: string;
  readonly folder: string;
  /** Whether there are proposed blueprints to be saved. */
  readonly hasProposed: boolean;
  /** What the page knows of the files. */
  readonly known: FilePrints;
  readonly done: (file: string, folder: string, saved: Saved) => void;
  /** Takes what changed on the disk. */
  readonly take: () => void;
}): void {
  const { text, known } = given;
  const dialog = byId<HTMLDialogElement>("dialog");
  const file = make("input", { id: "save-file", value: given.file, required: true });
  const folder = make("input", { id: "save-folder", value: given.folder });
  const hint = make("p", { class: "bad", role: "alert" });
  let agreed: FilePrints = {};
  const form = make(
    "form",
    { method: "dialog" },
    make("h2", { id: "save-title" }, "Save"),
    make("p", {}, make("label", { for: "save-file" }, "Mapping file "), file),
    given.hasProposed &&
      make(
        "p",
        {},
        make("label", { for: "save-folder" }, "Folder for the proposed blueprints (empty: not saved) "),
        folder,
      ),
    hint,
    make(
      "p",
      {},
      make("button", { type: "submit", class: "main" }, "Save"),
      " ",
      make("button", { type: "button", onclick: () => dialog.close() }, "Cancel"),
    ),
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const [name, blueprints] = [file.value.trim(), folder.value.trim()];
    try {
      const reply = await call("save", {
        mapping: text,
        file: name,
        ...(blueprints !== "" && { blueprints }),
        ...{ known, agreed },
      });
      if ("written" in reply) {
        dialog.close();
        given.done(name, blueprints, reply);
        return;
      }
      agreed = Object.fromEntries(reply.taken.map(({ path, fingerprint }) => [path, fingerprint]));
      const isChanged = reply.taken.some(({ why }) => why === "changed");
      const take = (): void => {
        dialog.close();
        given.take();
      };
      hint.replaceChildren(
        question(reply.taken),
        isChanged ? make("button", { type: "button", onclick: take }, "Take what is on disk") : "",
      );
    } catch (error) {
      const { message, hint: advice = "" } = error instanceof Fault ? error : { message: String(error) };
      hint.textContent = `${message} ${advice}`;
    }
  });
  dialog.setAttribute("aria-labelledby", "save-title");
  dialog.replaceChildren(form);
  dialog.showModal();
}

/** One question for all files that would be overwritten. */
function question(taken: readonly TakenFile[]): string {
  const listed = (why: TakenFile["why"]) => taken.filter((one) => one.why === why).map(({ path }) => path);
  const [there, changed] = [listed("exists"), listed("changed")];
  return [
    there.length > 0 && `${there.join(" and ")} ${there.length === 1 ? "exists" : "exist"}.`,
    changed.length > 0 && `${changed.join(" and ")} changed on disk since.`,
    `Save again to overwrite ${taken.length === 1 ? "it" : "them"}, or give another name. Nothing is written yet. `,
  ]
    .filter((part) => part !== false)
    .join(" ");
}

/** What was not saved, as the browser keeps it. */
export interface Draft {
  readonly text: string;
  /** Fingerprint of what the file held when the draft was begun; absent where it lay nowhere. */
  readonly base?: string;
}

const keyOf = (file: string): string => `portload draft of ${file}`;

/** What was not saved before a reload. */
export function readDraft(file: string): Draft | undefined {
  try {
    const draft = JSON.parse(localStorage.getItem(keyOf(file)) ?? "null") as Draft | null;
    return draft ?? undefined;
  } catch {
    return undefined;
  }
}

/** Keeps what is not saved; nothing where it is what lies on the disk. */
export function keepDraft(file: string, draft: Draft | undefined): void {
  if (draft === undefined) localStorage.removeItem(keyOf(file));
  else localStorage.setItem(keyOf(file), JSON.stringify(draft));
}

const typedKeyOf = (file: string): string => `portload drafts of blueprints beside ${file}`;
const typed = new Map<string, string>();
let typedBeside: string | undefined;

/** What was typed of blueprints' texts and is not taken yet, by identifier. */
export const typedTexts: ReadonlyMap<string, string> = typed;

/** Has the browser keep typed texts beside a mapping's draft, and begins with those of before a reload; a new name takes them along. */
export function keepTypedBeside(file: string): void {
  if (typedBeside === undefined)
    try {
      const before = JSON.parse(localStorage.getItem(typedKeyOf(file)) ?? "{}") as Readonly<Record<string, string>>;
      for (const [identifier, text] of Object.entries(before)) typed.set(identifier, text);
    } catch {
      // Anything that is not a draft is ignored.
    }
  else localStorage.removeItem(typedKeyOf(typedBeside));
  typedBeside = file;
  storeTyped();
}

/** Keeps a typed text; nothing where it was taken or given up. */
export function setTyped(identifier: string, text: string | undefined): void {
  if (text === undefined) typed.delete(identifier);
  else typed.set(identifier, text);
  storeTyped();
}

function storeTyped(): void {
  const key = typedKeyOf(typedBeside ?? "");
  if (typed.size === 0) localStorage.removeItem(key);
  else localStorage.setItem(key, JSON.stringify(Object.fromEntries(typed)));
}

/** Says that files changed on the disk since they were read, and asks which is to stay. */
export function askAboutDisk(
  names: readonly string[],
  on: { readonly taken: (facts: StudioFacts) => void; readonly kept: () => void },
): void {
  const bar = byId("disk");
  const choose = async (isTaken: boolean): Promise<void> => {
    try {
      const facts = await call("settle", { isTaken });
      bar.hidden = true;
      if (isTaken) on.taken(facts);
      else on.kept();
    } catch (error) {
      bar.append(make("span", { class: "bad" }, ` ${error instanceof Fault ? error.message : String(error)}`));
    }
  };
  bar.replaceChildren(
    make("span", {}, `${names.join(", ")} changed on disk since. `),
    make("button", { type: "button", onclick: () => void choose(true) }, "Take what is on disk"),
    " ",
    make("button", { type: "button", onclick: () => void choose(false) }, "Keep what is here"),
  );
  bar.hidden = names.length === 0;
}
