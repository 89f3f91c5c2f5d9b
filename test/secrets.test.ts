import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MappingError, SourceError, UsageError } from "../src/errors.js";
import { shownValue } from "../src/reject.js";
import { maskSecrets, namesSecret, withoutAddressSecrets } from "../src/secrets.js";

// None of these was ever a secret: they are made up, and put together here so that no scanner takes this file for a leak.
const aws = `AKIA${"IOSFODNN7EXAMPLE"}`;
const awsSecret = ["wJalrXUtnFEMI", "K7MDENG", "bPxRfiCYEXAMPLEKEY"].join("/");
const github = `ghp_${"a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"}`;
const slack = ["xoxb", "123456789012", "abcdefghijkl"].join("-");
const jwt = ["eyJhbGciOiJIUzI1NiJ9", "eyJzdWIiOiIxMjM0NSJ9", "c2lnbmF0dXJlLWhlcmU"].join(".");
const privateKey = `-----BEGIN RSA ${"PRIVATE KEY"}-----\nMIIEow\n-----END RSA ${"PRIVATE KEY"}-----`;

describe("maskSecrets", () => {
  it.each([
    ["an AWS key", aws],
    ["an AWS secret", awsSecret],
    ["a GitHub token", github],
    ["a Slack token", slack],
    ["a JSON web token", jwt],
    ["a private key", privateKey],
    ["32 hexadecimal digits", "9f86d081884c7d659a2feaa0c55ad015"],
    ["a random word", "Zk3vQ9xT1mB7rL5pW8yD2"],
  ])("hides %s, alone and within a text", (_title, secret) => {
    expect(maskSecrets(secret)).toBe(`*** (${secret.length} characters, masked)`);
    const shown = maskSecrets(`it failed on ${secret} here`);
    expect(shown).not.toContain(secret);
    expect(shown).toBe(`it failed on *** (${secret.length} characters, masked) here`);
  });

  it("hides what follows Bearer, and credentials and signatures in an address", () => {
    expect(maskSecrets("Authorization: Bearer abcdefghijklmnop")).toBe(
      "Authorization: Bearer *** (16 characters, masked)",
    );
    expect(maskSecrets("https://user:hunter2@host/x?a=1&access_token=abc&sig=def#top")).toBe(
      "https://***@host/x?a=1&access_token=***&sig=***#top",
    );
  });

  it.each([
    "a plain sentence with several words in it",
    "bloom-subscriptions-service-production",
    "BloomSubscriptionsServiceForProduction2024",
    "550e8400-e29b-41d4-a716-446655440000",
    "2024-05-01T10:00:00.000+02:00",
    "12345678901234567890123456789012",
    "https://example.com/docs/page?tab=readme&id=42",
    "arn:aws:iam::123456789012:role/deploy",
    "com.example.service.ConfigurationFactory",
    "name@subdomain.department.example.com",
    "short",
  ])("leaves %s as it is", (text) => {
    expect(maskSecrets(text)).toBe(text);
  });

  it.each(["password", "apiToken", "API Key", "DB_PASSWORD", "properties.clientSecret", "ssh-key", "accessKey", "Pwd"])(
    "hides any value of a field named %s",
    (name) => {
      expect(namesSecret(name)).toBe(true);
      expect(maskSecrets("x", name)).toBe("*** (1 character, masked)");
    },
  );

  it.each(["key", "Jira Key", "primaryKey", "monkey", "keyboard", "description", "tokenizer", "properties.tier", ""])(
    "sees no secret in the name %j",
    (name) => {
      expect(namesSecret(name)).toBe(false);
    },
  );

  it("never fails, and never shows a value of a secret field", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 8, unit: "binary" }), (value) => {
        maskSecrets(value);
        expect(maskSecrets(value, "password")).toMatch(/^\*{3} \(\d+ characters, masked\)$/);
      }),
    );
  });
});

describe("shownValue", () => {
  it("masks texts of an object by the names of its own fields", () => {
    expect(shownValue({ user: "ada", password: "hunter2" })).toBe(
      '{"user":"ada","password":"*** (7 characters, masked)"}',
    );
  });

  it("masks before it shortens, so that no part of a secret is left", () => {
    expect(shownValue(`${"x ".repeat(35)}${github}`)).not.toContain("ghp_");
  });

  it("looks at no more of a long text than could be shown", () => {
    expect(shownValue("a b".repeat(1_000_000))?.length).toBe(80);
  });
});

describe("addresses in messages", () => {
  it.each([
    ["no source for zz=http://user:pw@h.example/a.csv?sig=abc", "no source for zz=http://h.example/a.csv"],
    ["ftp://user:pw@h/a is no address", "ftp://h/a is no address"],
    ['"https://user:p@ss/w0#rd@h:8080/a?x=y" and http://t0ken@h/b', '"https://h:8080/a" and http://h/b'],
    ["redis://:pw@h:6379/0", "redis://h:6379/0"],
    ["http://user:p?w@h/a", "http://***"],
    ["https://h:8080/a@b.csv", "https://h:8080/a@b.csv"],
    [
      "Is it the API (https://api.port.io/v1)? See https://docs.port.io/x#y.",
      "Is it the API (https://api.port.io/v1)? See https://docs.port.io/x#y.",
    ],
    ["a:b@c and 12:30", "a:b@c and 12:30"],
    ["Write http://user:password@host:port.", "Write http://user:password@host:port."],
  ])("lose user, password and query: %s", (text, shown) => {
    expect(withoutAddressSecrets(text)).toBe(shown);
  });

  it("never keep what precedes the last at sign of a user and password", () => {
    const part = fc.stringMatching(/^[!-~]{1,12}$/).filter((text) => !/["'<>`]/.test(text));
    fc.assert(
      fc.property(part, (word) => {
        const secret = `S3CR3T${word}S3CR3T`;
        expect(withoutAddressSecrets(`x=https://user:${secret}@h.example/a.csv?token=${secret}`)).not.toContain(
          "S3CR3T",
        );
      }),
    );
  });

  it("lose them in every error, in its message, its hint and its fields", () => {
    const secret = "http://user:pw@h/a?sig=z";
    const errors = [
      new UsageError(secret, { hint: secret }),
      new MappingError(secret, [{ path: "(file)", message: secret }]),
      new SourceError(secret, secret),
    ];
    for (const error of errors)
      expect(JSON.stringify({ ...error, message: error.message, stack: error.stack })).not.toMatch(/pw|sig/);
  });
});
