import type { reportOptions } from "../options/run.js";
import { pastReport } from "../recipes/past-report.js";
import { formatSummary } from "../report/summary.js";
import type { Run } from "./command.js";
import { resumeCommand } from "./finished.js";
import { mayColor, print, printJson, say } from "./terminal.js";

/** `portload report`: what became of an earlier import. */
export const report: Run<typeof reportOptions> = async (options, terminal, output) => {
  const { report: found, folder = "", mode, passedOver } = await pastReport(options, terminal.env);
  for (const text of passedOver) await say(terminal, `passed over: ${text}\n`);
  const resume = resumeCommand(found, folder);
  const color = mayColor(terminal, terminal.stdout, output.color);
  // Here the report is the data.
  if (output.output === "json") await printJson(terminal, `${JSON.stringify(found)}\n`);
  else
    await print(
      terminal,
      formatSummary({
        report: found,
        mode,
        folder,
        reportFiles: options.report,
        color,
        ...(resume !== undefined && { resume }),
      }),
    );
  return 0;
};
