import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRedact } from "../../src/secrets.js";

const secret = fc
  .string({ unit: "grapheme-ascii", minLength: 8, maxLength: 60 })
  .filter((text) => text.trim() === text);
const around = fc.string({ maxLength: 20 });

describe("a secret in a server's words", () => {
  it.each<[string, (text: string) => string]>([
    ["as it is", (text) => text],
    ["within JSON", (text) => JSON.stringify(text)],
    ["within an address", encodeURIComponent],
    ["in hexadecimal digits", (text) => Buffer.from(text).toString("hex")],
    ["in capital hexadecimal digits", (text) => Buffer.from(text).toString("hex").toUpperCase()],
  ])("is masked %s", (_, encode) => {
    fc.assert(
      fc.property(secret, around, around, (word, before, after) => {
        const text = before + encode(word) + after;
        expect(createRedact(() => [word])(text)).not.toContain(encode(word).replace(/^"|"$/g, ""));
      }),
    );
  });

  it.each(["base64", "base64url"] as const)(
    "is masked in %s, whatever surrounds it, as in Basic credentials",
    (coding) => {
      fc.assert(
        fc.property(secret, around, around, (word, before, after) => {
          const echoed = Buffer.from(`${before}${word}${after}`).toString(coding);
          const masked = createRedact(() => [word])(`echo: ${echoed}.`);
          expect(masked).toContain("***");
          expect(Buffer.from(masked.replace(/^echo: |\.$/g, ""), coding).toString()).not.toContain(word);
        }),
      );
    },
  );

  it("is masked for every secret in use, and nothing else is", () => {
    const redact = createRedact(() => ["hunter2!", "token-1"]);
    expect(redact("hunter2! and token-1 and token-2")).toBe("*** and *** and token-2");
    expect(createRedact(() => [""])("nothing")).toBe("nothing");
  });
});
