import { oneOf } from "../options/kinds.js";
import { group, type Resolved, withDefault } from "../options/option.js";
import { formGroup, progressGroup, terminalGroup } from "../options/output.js";

/** How a command answers: what goes to stdout, how far it is shown, whether it is quiet, coloured, and asks. */
export interface OutputOptions extends Resolved<typeof terminalGroup & typeof progressGroup> {
  readonly output: "text" | "json" | "github";
}

/** Options of the terminal that every command has. */
export const everyCommand = terminalGroup;
/** Options of a command that answers in text or JSON. */
export const answering = formGroup;
/** Options of a command that takes long and answers in text or JSON. */
export const running = { ...formGroup, ...progressGroup };
/** Options of lint's answer. */
export const lintAnswering = group("Output", {
  output: withDefault(oneOf("text", "json", "github"), "text", "text, one JSON document, or annotations for GitHub", {
    short: "o",
    common: true,
  }),
});
