import { formatProgress, type Progress } from "../report/progress.js";
import type { Talk } from "./talk.js";
import type { Terminal } from "./terminal.js";

const plainEveryMs = 10_000;
const liveEveryMs = 200;
/** Back to the first column, and clear the line. */
const clearLine = "\r\u001b[2K";

/** Shows how far an import is on stderr: a live line on a terminal, else a plain line every 10 s. */
export function showProgress(terminal: Terminal, talk: Talk) {
  const live = talk.progress === "auto" && terminal.stderr.isTTY === true;
  let timer: NodeJS.Timeout | undefined;
  let shown = false;
  return {
    start({ progress }: { readonly progress: () => Progress }): void {
      if (talk.progress === "none") return;
      const show = (): void => {
        const line = formatProgress(progress());
        terminal.stderr.write(live ? `${clearLine}${line.slice(0, (terminal.stderr.columns ?? 80) - 1)}` : `${line}\n`);
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
