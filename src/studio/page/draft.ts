import type { StudioFacts } from "../calls.js";
import { byId, call, Fault, make } from "./api.js";

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
