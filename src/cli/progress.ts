import { type EarlyProgress, formatProgress, type Progress } from "../report/progress.js";
import type { OutputOptions } from "./command.js";
import { mayColor, say, type Terminal, takeAwayFrom } from "./terminal.js";

const plainEveryMs = 10_000;
const liveEveryMs = 200;

/** Shows how far a run is on stderr: a picture that moves on a terminal, else a plain line every 10 s. */
export function showProgress(terminal: Terminal, { progress: how, quiet, color }: OutputOptions) {
  const { stderr, signal } = terminal;
  const isLive = how === "auto" && stderr.isTTY === true && terminal.env.TERM !== "dumb";
  let see: (() => Progress | EarlyProgress) | undefined;
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;
  let picture: { show(progress: Progress | EarlyProgress): void; takeAway(): void } | undefined;
  const showLine = (): void => {
    if (see !== undefined) void say(terminal, `${formatProgress(see())}\n`);
  };
  const begin = async (): Promise<void> => {
    if (!isLive) {
      timer = setInterval(showLine, plainEveryMs);
      timer.unref();
      return;
    }
    // Loaded while the run is under way: what ends at once needs no picture.
    const { openPicture } = await import("./progress-picture.js");
    if (isStopped) return;
    const opened = openPicture(stderr, { color: mayColor(terminal, stderr, color), isStopping: () => signal.aborted });
    picture = opened;
    takeAwayFrom(stderr, opened.takeAway);
    timer = setInterval(() => see !== undefined && opened.show(see()), liveEveryMs);
    timer.unref();
  };
  const watch = (progress: () => Progress | EarlyProgress): void => {
    if (how === "none" || quiet) return;
    const isFirst = see === undefined;
    see = progress;
    if (isFirst) void begin();
  };
  return {
    onConnection: watch,
    onStart: ({ progress }: { readonly progress: () => Progress }): void => watch(progress),
    stop(): void {
      isStopped = true;
      clearInterval(timer);
      picture?.takeAway();
      takeAwayFrom(stderr, undefined);
    },
  };
}
