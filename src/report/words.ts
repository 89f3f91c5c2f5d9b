const numbers = new Intl.NumberFormat("en-US", { maximumFractionDigits: 1 });

/** Writes a number with its thousands separated, to one decimal: `12,345.6`. */
export function formatNumber(value: number): string {
  return numbers.format(value);
}

/** Writes a number with its noun, singular for one: `1 entity`, `2,000 entities`. */
export function formatCount(value: number, noun: keyof typeof plurals): string {
  return `${formatNumber(value)} ${value === 1 ? noun : plurals[noun]}`;
}

const plurals = {
  record: "records",
  entity: "entities",
  request: "requests",
  retry: "retries",
  warning: "warnings",
  cause: "causes",
  blueprint: "blueprints",
} as const;

/** Writes a duration for people: `840 ms`, `12.3 s`, `4 min 5 s`, `2 h 3 min`. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${formatNumber(ms / 1000)} s`;
  const seconds = Math.round(ms / 1000);
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min ${seconds % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Writes a place as people look it up: `services.csv:88, record 87`. */
export function formatPlace({ source, line, position }: { source: string; line?: number; position: number }): string {
  return `${line === undefined ? source : `${source}:${line}`}, record ${formatNumber(position)}`;
}

/** Makes control, direction and half characters visible, so that a value of a source cannot steer a terminal or break a line. */
export function visible(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cs}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, escapeSign);
}

function escapeSign(sign: string): string {
  return `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** Dresses text for a terminal, or leaves it plain. */
export type Paint = (tone: keyof typeof tones, text: string) => string;

/** Makes a {@link Paint}; without colour it gives the text back as it is. */
export function makePaint(color: boolean): Paint {
  return (tone, text) => (color ? `\u001b[${tones[tone]}m${text}\u001b[0m` : text);
}

const tones = { good: 32, bad: 31, warn: 33, faint: 2, strong: 1 } as const;
