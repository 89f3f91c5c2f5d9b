import { receiptText, type SourceQuestions } from "../recipes/run/inventory.js";
import { type EarlyProgress, formatProgress, type Progress } from "../report/progress.js";
import { type Answer, type Doubt, mappingLine } from "../source-options.js";
import type { OutputOptions } from "./command.js";
import { mayColor, question, say, type Terminal, takeAwayFrom } from "./terminal.js";

/** Prints on stderr how each source is read, and asks what is in doubt where a person sits at a terminal. */
export function sourceQuestions(
  terminal: Terminal,
  { quiet, yes }: Pick<OutputOptions, "quiet" | "yes">,
): SourceQuestions {
  const isPerson = !yes && terminal.stdin.isTTY === true && terminal.stderr.isTTY === true;
  return {
    onReceipt: (receipt) => {
      if (!quiet) void say(terminal, `${receiptText(receipt)}\n`);
    },
    ...(isPerson && { ask: (source: string, doubt: Doubt) => askAbout(terminal, source, doubt) }),
  };
}

/** The answer that a person picks by its number; undefined for anything else. */
async function askAbout(terminal: Terminal, source: string, { message, answers }: Doubt): Promise<Answer | undefined> {
  const choices = answers.map((answer, index) => `  ${index + 1}  ${answer.text}   ${mappingLine(answer)}\n`);
  await say(terminal, `${source}: ${message}\n${choices.join("")}`);
  const typed = await question(terminal, `Which? 1 to ${answers.length}, anything else stops: `);
  const answer = typed !== undefined && /^\d+$/.test(typed) ? answers[Number(typed) - 1] : undefined;
  if (answer !== undefined)
    await say(terminal, "The line beside it, under source in the mapping, settles it for good.\n");
  return answer;
}

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
