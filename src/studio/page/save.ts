import { byId, call, Fault, make } from "./api.js";

/** What was saved last, or what lies on the disk: the file that may be written again as long as it still holds that. */
export interface Saved {
  readonly file: string;
  readonly text: string;
}

/** Asks for names, and saves. A file that is there is overwritten only if it is the one that was saved or opened here and nobody changed it since, or after a second click. */
export function openSave(given: {
  readonly text: string;
  readonly file: string;
  readonly folder: string;
  readonly last: Saved | undefined;
  readonly done: (saved: Saved, written: readonly string[]) => void;
}): void {
  const { text, last } = given;
  const dialog = byId<HTMLDialogElement>("dialog");
  const file = make("input", { id: "save-file", value: given.file, required: true });
  const folder = make("input", { id: "save-folder", value: given.folder });
  const hint = make("p", { class: "bad", role: "alert" });
  const overwrite: string[] = [];
  const form = make(
    "form",
    { method: "dialog" },
    make("h2", { id: "save-title" }, "Save"),
    make("p", {}, make("label", { for: "save-file" }, "Mapping file "), file),
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
      const { written } = await call("save", {
        mapping: text,
        file: name,
        ...(blueprints !== "" && { blueprints }),
        ...(last !== undefined && { last }),
        overwrite,
      });
      dialog.close();
      given.done({ file: name, text }, written);
    } catch (error) {
      const message = error instanceof Fault ? error.message : String(error);
      const taken = /^(.*) exists$/.exec(message)?.[1];
      hint.textContent =
        taken === undefined ? message : `${taken} exists. Save again to overwrite it, or give another name.`;
      if (taken !== undefined) overwrite.push(taken);
    }
  });
  dialog.setAttribute("aria-labelledby", "save-title");
  dialog.replaceChildren(form);
  dialog.showModal();
}
