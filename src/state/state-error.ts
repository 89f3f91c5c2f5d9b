import { StateError } from "../errors.js";

/** Tells a failed file operation in the state folder as a {@link StateError} that names the path and what to do. */
export function stateError(path: string, cause: unknown): StateError {
  if (cause instanceof StateError) return cause;
  const { code, message } = cause as NodeJS.ErrnoException;
  const hint = (code === undefined ? undefined : hints[code]) ?? "Name another folder with --state-dir.";
  return new StateError(`${path}: ${message ?? String(cause)}`, { cause, hint });
}

const hints: Readonly<Record<string, string>> = {
  ENOSPC: "The disk is full: free some space, or name a folder on another disk with --state-dir.",
  EDQUOT: "The disk quota is used up: free some space, or name another folder with --state-dir.",
  EACCES: "Name a folder that you may write to with --state-dir.",
  EPERM: "Name a folder that you may write to with --state-dir.",
  EROFS: "The disk is read-only: name a folder that you may write to with --state-dir.",
  EEXIST: "A file stands where the folder should be: name another folder with --state-dir.",
  ENOTDIR: "A file stands where the folder should be: name another folder with --state-dir.",
};
