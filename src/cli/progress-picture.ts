import { createLogUpdate } from "log-update";
import stringWidth from "string-width";
import wrapAnsi from "wrap-ansi";
import { visible } from "../reject.js";
import { type EarlyProgress, type Progress, percentage, progressFacts, waitingFor } from "../report/progress.js";
import { formatCount, makePaint, type Paint } from "../report/words.js";
import type { Terminal } from "./terminal.js";

const maxBar = 60;
const between = " · ";

/** Draws how far a run is: a bar where a share is known, the facts, and what it waits for; no fact is broken within a word. */
export function drawProgress(
  progress: Progress | EarlyProgress,
  { width, paint, isStopping }: { readonly width: number; readonly paint: Paint; readonly isStopping: boolean },
): string {
  const share = "share" in progress ? progress.share : undefined;
  const lines = [
    ...(share === undefined ? [] : [bar(share, width, paint)]),
    ...flow(progressFacts(progress).map(visible), width),
  ];
  if (progress.waiting !== undefined && !isStopping)
    lines.push(...wrapped(waitingFor(progress.waiting), width).map((line) => paint("warn", line)));
  if (isStopping) {
    const { inFlight } = progress;
    const waits = inFlight === 0 ? "stopping" : `stopping: waits for ${formatCount(inFlight, "request")} in flight`;
    lines.push(...wrapped(`${waits}; Ctrl-C again stops now`, width).map((line) => paint("warn", line)));
  }
  return lines.join("\n");
}

function bar(share: number, width: number, paint: Paint): string {
  const label = ` ${percentage(share).padStart(5)}`;
  const cells = Math.max(1, Math.min(maxBar, width - label.length));
  const full = Math.floor(share * cells);
  return `${paint("good", "█".repeat(full))}${paint("faint", "░".repeat(cells - full))}${label}`;
}

/** Puts as many facts into a line as fit; one that is longer than a line is broken between words. */
function flow(facts: readonly string[], width: number): readonly string[] {
  const lines: string[] = [];
  for (const fact of facts) {
    const last = lines.at(-1);
    const joined = `${last}${between}${fact}`;
    if (last !== undefined && stringWidth(joined) <= width) lines[lines.length - 1] = joined;
    else lines.push(...wrapped(fact, width));
  }
  return lines;
}

function wrapped(text: string, width: number): readonly string[] {
  const shortened = text.split(" ").map((word) => (stringWidth(word) <= width ? word : `${word.slice(0, width - 1)}…`));
  return wrapAnsi(shortened.join(" "), width).split("\n");
}

/** A picture that is drawn again and again in its place. */
export function openPicture(
  stream: Terminal["stderr"],
  { color, isStopping }: { readonly color: boolean; readonly isStopping: () => boolean },
) {
  const draw = createLogUpdate(stream as NodeJS.WriteStream, { showCursor: true });
  const paint = makePaint(color);
  return {
    show(progress: Progress | EarlyProgress): void {
      // The last column stays free: some terminals begin a new line in it.
      const width = Math.max(10, (stream.columns ?? 80) - 1);
      draw(drawProgress(progress, { width, paint, isStopping: isStopping() }));
    },
    takeAway: () => draw.clear(),
  };
}
