import { formatProgress, type Progress } from "../report/words.js";
import type { OutputOptions } from "./output.js";
import { say, type Terminal } from "./terminal.js";

const plainEveryMs = 10_000;
const liveEveryMs = 200;
/** Back to the first column, and clear the line. */
const clearLine = "\r\u001b[2K";

/** Shows how far an import is on stderr: a live line on a terminal, else a plain line every 10 s. */
export function showProgress(terminal: Terminal, { progress: how, quiet }: OutputOptions) {
  const live = how === "auto" && terminal.stderr.isTTY === true;
  let timer: NodeJS.Timeout | undefined;
  let shown = false;
  return {
    start({ progress }: { readonly progress: () => Progress }): void {
      if (how === "none" || quiet) return;
      const show = (): void => {
        const line = formatProgress(progress());
        if (live) terminal.stderr.write(`${clearLine}${line.slice(0, (terminal.stderr.columns ?? 80) - 1)}`);
        else void say(terminal, `${line}\n`);
        shown = true;
      };
      timer = setInterval(show, live ? liveEveryMs : plainEveryMs);
      timer.unref();
    },
    stop(): void {
      clearInterval(timer);
      if (live && shown) terminal.stderr.write(clearLine);
    },
  };
}
