import { describe, expect, it } from "vitest";
import { createTokens } from "../../src/api/token.js";
import { manualClock } from "../support/manual-clock.js";

/** Tokens named a, b, c, … as the script says; the last entry repeats. */
function scripted(...script: { accessToken: string; expiresIn: number }[]) {
  const clock = manualClock();
  let asked = 0;
  const tokens = createTokens(async () => {
    const reply = script[Math.min(asked++, script.length - 1)];
    if (reply === undefined) throw new Error("no script");
    return reply;
  }, clock);
  return { clock, tokens, asked: () => asked };
}

describe("createTokens", () => {
  it("asks once for all who need the first token", async () => {
    const { tokens, asked } = scripted({ accessToken: "a", expiresIn: 10_800 });
    const got = await Promise.all(Array.from({ length: 50 }, () => tokens.current()));
    expect([new Set(got), asked()]).toEqual([new Set(["a"]), 1]);
  });

  it("renews a minute before the end", async () => {
    const { clock, tokens } = scripted(
      { accessToken: "a", expiresIn: 10_800 },
      { accessToken: "b", expiresIn: 10_800 },
    );
    await tokens.current();
    clock.advance(10_739_999);
    expect(await tokens.current()).toBe("a");
    clock.advance(1);
    expect(await tokens.current()).toBe("b");
  });

  it("renews a short-lived token after nine tenths of its life", async () => {
    const { clock, tokens } = scripted({ accessToken: "a", expiresIn: 10 }, { accessToken: "b", expiresIn: 10 });
    await tokens.current();
    clock.advance(8999);
    expect(await tokens.current()).toBe("a");
    clock.advance(1);
    expect(await tokens.current()).toBe("b");
  });

  it("uses a token that it is given a second time up to its very end", async () => {
    const { clock, tokens, asked } = scripted(
      { accessToken: "a", expiresIn: 10_800 },
      { accessToken: "a", expiresIn: 60 },
      { accessToken: "b", expiresIn: 10_800 },
    );
    await tokens.current();
    clock.advance(10_740_000);
    expect([await tokens.current(), asked()]).toEqual(["a", 2]);
    clock.advance(59_999);
    expect([await tokens.current(), asked()]).toEqual(["a", 2]);
    clock.advance(1);
    expect([await tokens.current(), asked()]).toEqual(["b", 3]);
  });

  it("serves eight hours with a request a second, fetched four times, never a token past its end", async () => {
    // Port gives the same token with the time left until its end, then a new one.
    const clock = manualClock();
    const lifeMs = 3 * 3_600_000;
    let asked = 0;
    const number = () => Math.floor((clock.now() - startMs) / lifeMs);
    const startMs = clock.now();
    const tokens = createTokens(async () => {
      asked++;
      const left = startMs + (number() + 1) * lifeMs - clock.now();
      return { accessToken: `t${number()}`, expiresIn: Math.floor(left / 1000) };
    }, clock);
    const stale: number[] = [];
    for (let second = 0; second < 8 * 3600; second++) {
      if ((await tokens.current()) !== `t${number()}`) stale.push(second);
      clock.advance(1000);
    }
    expect([stale, asked]).toEqual([[], 5]);
  });

  it("keeps the token before in mind, so that neither shows in a message", async () => {
    const { tokens } = scripted({ accessToken: "a", expiresIn: 10 }, { accessToken: "b", expiresIn: 10 });
    expect(tokens.held()).toEqual([]);
    await tokens.current();
    await tokens.renew("a");
    expect(tokens.held()).toEqual(["b", "a"]);
  });

  it("renews once for all whose token was refused, also for those who say so late", async () => {
    const { tokens, asked } = scripted(
      { accessToken: "a", expiresIn: 10_800 },
      { accessToken: "b", expiresIn: 10_800 },
    );
    await tokens.current();
    const got = await Promise.all(Array.from({ length: 50 }, () => tokens.renew("a")));
    expect([new Set(got), await tokens.renew("a"), asked()]).toEqual([new Set(["b"]), "b", 2]);
  });

  it("asks again after a failure", async () => {
    let fail = true;
    const tokens = createTokens(async () => {
      if (fail) throw new Error("down");
      return { accessToken: "a", expiresIn: 10 };
    }, manualClock());
    await expect(tokens.current()).rejects.toThrow("down");
    fail = false;
    expect(await tokens.current()).toBe("a");
  });
});
