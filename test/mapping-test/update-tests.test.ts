import { describe, expect, it } from "vitest";
import { type Got, updateTests } from "../../src/mapping-test/expectations.js";

const got: Got = {
  entities: [
    { blueprint: "team", identifier: "a", properties: { members: 3, focus: ["x"] }, relations: {} },
    { blueprint: "team", identifier: "new", properties: {}, relations: { parent: "a" } },
  ],
  rejects: [{ record: 2, code: "wrong_type" }],
  skipped: 1,
  warnings: [],
};

describe("rewriting expectations", () => {
  it("keeps comments, other tests, records and formatting to the letter", () => {
    const text = `# head
tests:
  - name: first   # odd   spacing
    records: [ {id: a},   { id: b } ]

    # what is expected
    entities:
      - blueprint: team # kept
        identifier: a
        properties:
          # why three
          members: "3" # of them
          old: true
    skipped: 0   # none

  # the second
  - name: second
    records: [{}]
    entities: []   # nothing
`;
    expect(updateTests(text, new Map([[0, got]]))).toBe(`# head
tests:
  - name: first   # odd   spacing
    records: [ {id: a},   { id: b } ]

    # what is expected
    entities:
      - blueprint: team # kept
        identifier: a
        properties:
          # why three
          members: 3 # of them
          focus:
            - x
      - blueprint: team
        identifier: new
        relations:
          parent: a
    skipped: 1   # none
    rejects:
      - record: 2
        code: wrong_type

  # the second
  - name: second
    records: [{}]
    entities: []   # nothing
`);
  });

  it("puts expectations where a test has none, in the order of the keys", () => {
    const text = "tests:\n  - name: only\n    records:\n      - id: a\n";
    expect(updateTests(text, new Map([[0, got]]))).toBe(`${text.trimEnd()}
    entities:
      - blueprint: team
        identifier: a
        properties:
          members: 3
          focus:
            - x
      - blueprint: team
        identifier: new
        relations:
          parent: a
    rejects:
      - record: 2
        code: wrong_type
`);
  });

  it("writes an empty list where nothing comes any more", () => {
    const text =
      "tests:\n  - name: only\n    records: []\n    entities:\n      - blueprint: a\n        identifier: b\n";
    const none = { entities: [], rejects: [], skipped: 0, warnings: [] };
    expect(updateTests(text, new Map([[0, none]]))).toBe("tests:\n  - name: only\n    records: []\n    entities: []\n");
  });
});
