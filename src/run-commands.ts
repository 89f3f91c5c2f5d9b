/** What can be done about a run once it ended. */
type Remedy = "resumed" | "retried" | "undone";

const remedies: Readonly<Record<string, readonly Remedy[]>> = {
  import: ["resumed", "retried", "undone"],
  retry: ["resumed", "retried", "undone"],
  // Started again, it finds out by itself what is left to do.
  sync: ["retried", "undone"],
  plan: [],
  // Its ops are not the user's records, so that it has no rejects file; a plan that is done in part has drifted, so that a new one is made.
  apply: ["undone"],
  undo: ["resumed", "undone"],
};

/** Whether runs of a command can be resumed, retried or undone. A dry run left nothing, whatever its command. */
export function canBe(remedy: Remedy, { command, dryRun = false }: { command: string; dryRun?: boolean }): boolean {
  return !dryRun && remedies[command]?.includes(remedy) === true;
}
