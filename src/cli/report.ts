import { z } from "zod";
import { importOptions } from "../options.js";
import { pastReport } from "../recipes/past-report.js";
import { formatSummary } from "../report/summary.js";
import { visible } from "../report/words.js";
import type { Command } from "./command.js";
import { resumeCommand } from "./finished.js";
import { flagsOf, parseFlags } from "./flags.js";
import { talkFlags, talkOf } from "./talk.js";
import { mayColor, writeOut } from "./terminal.js";

const reportOptions = z.strictObject({
  importId: z.string().min(1).optional().describe("import to tell of; by default the latest that has a report"),
  stateDir: importOptions.shape.stateDir,
  report: importOptions.shape.report,
});

/** `portload report`: what became of an earlier import. */
export const reportCommand: Command = {
  name: "report [import-id]",
  describe: "Show the report of an earlier import, the latest by default",
  build: (parser) =>
    parser
      .positional("import-id", { type: "string", describe: reportOptions.shape.importId.description ?? "" })
      .options(flagsOf(reportOptions.shape, ["importId"]))
      .options({ output: talkFlags.output })
      .example("$0 report --report nightly.html", "the latest import as a page"),
  async run(args, terminal) {
    const { importId, stateDir, report: files } = parseFlags(reportOptions, args);
    const talk = talkOf(args, terminal);
    const asked = {
      report: files,
      ...(importId !== undefined && { importId }),
      ...(stateDir !== undefined && { stateDir }),
    };
    const { report, folder, mode, passedOver } = await pastReport(asked, terminal.env);
    for (const text of passedOver) terminal.stderr.write(`passed over: ${visible(text)}\n`);
    const resume = resumeCommand(report, folder);
    const color = mayColor({ ...terminal, stderr: terminal.stdout }, args.color !== false);
    const told = { report, mode, folder, color, ...(resume !== undefined && { resume }) };
    // Here the report is the data.
    await writeOut(terminal.stdout, talk.output === "json" ? `${JSON.stringify(report)}\n` : formatSummary(told));
    return 0;
  },
};
