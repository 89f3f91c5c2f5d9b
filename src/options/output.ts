import { flag, listOf, oneOf, orFalse, orList, text, wholeNumber } from "./kinds.js";
import { group, optional, type SchemaOf, withDefault } from "./option.js";

/** What a run leaves behind, and where earlier ones are found. */
export interface OutputGroup {
  /** Further report files; the extension says the form: `.json`, `.md`, `.html`, `.xml` (JUnit), `.prom` (Prometheus). Default none. */
  readonly report?: readonly string[] | undefined;
  /** Folder of import folders. Default `PORTLOAD_STATE`, else `./.portload`. */
  readonly stateDir?: string | undefined;
  /** Finished import folders to keep, the newest first; at least 1. Default 30. */
  readonly keep?: number | undefined;
}

/** Extensions of report files; each names a form. */
export const reportExtensions = [".json", ".md", ".html", ".xml", ".prom"] as const;

const reportFile = text("<file>", {
  as: new RegExp(`\\.(?:${reportExtensions.map((extension) => extension.slice(1)).join("|")})$`, "i"),
  must: `must be a file that ends with ${orList(reportExtensions)}`,
});

/** See {@link OutputGroup}. */
export const outputGroup = group("Output", {
  report: withDefault(listOf(reportFile), [], "further report file (repeatable): .json .md .html .xml .prom", {
    short: "r",
    common: true,
    writes: "file",
  }),
  stateDir: optional(text("<folder>"), "folder of import folders, ./.portload by default [PORTLOAD_STATE]"),
  keep: withDefault(wholeNumber(1), 30, "finished import folders to keep, the newest first"),
} satisfies SchemaOf<OutputGroup>);

/** What a run leaves behind that may leave nothing. */
export interface RunOutputGroup extends Omit<OutputGroup, "stateDir"> {
  /**
   * Folder of import folders. Default `PORTLOAD_STATE`, else `./.portload`. False keeps nothing on disk: no journal, no rejects files, nothing to resume,
   * retry or undo, and no lock against a second run of the same mapping. What has to wait for a later step of the run waits in a folder of its own under the
   * system's folder for temporary files, which is removed when the run ends, however it ends.
   */
  readonly stateDir?: string | false | undefined;
}

/** See {@link RunOutputGroup}. */
export const runOutputGroup = group("Output", {
  ...outputGroup,
  stateDir: optional(orFalse(text("<folder>")), outputGroup.stateDir.describe),
} satisfies SchemaOf<RunOutputGroup>);

/** What every command of the terminal takes; the library has no part in it. */
export const terminalGroup = group("Terminal", {
  quiet: withDefault(flag, false, "print nothing but errors", { short: "q", common: true }),
  color: withDefault(flag, true, "colours on a terminal; --no-color or NO_COLOR for none"),
  yes: withDefault(flag, false, "answer every question of a yes with yes", { short: "y" }),
});

/** What goes to stdout, for commands that answer in either form. */
export const formGroup = group("Output", {
  output: withDefault(oneOf("text", "json"), "text", "text for people, or one JSON document on stdout", {
    short: "o",
    common: true,
  }),
});

/** The moving line of commands that take long. */
export const progressGroup = group("Terminal", {
  progress: withDefault(
    oneOf("auto", "plain", "none"),
    "auto",
    "progress on stderr: auto draws a bar on a terminal, plain prints a line every 10 s",
  ),
});
