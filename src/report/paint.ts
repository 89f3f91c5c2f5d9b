/** Dresses text for a terminal, or leaves it plain. */
export type Paint = (tone: keyof typeof tones, text: string) => string;

/** Makes a {@link Paint}; without colour it gives the text back as it is. */
export function makePaint(color: boolean): Paint {
  return (tone, text) => (color ? `\u001b[${tones[tone]}m${text}\u001b[0m` : text);
}

const tones = { good: 32, bad: 31, warn: 33, faint: 2, strong: 1 } as const;
