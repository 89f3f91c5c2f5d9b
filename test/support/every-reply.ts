import { afterEach, expect } from "vitest";
import { takeBreaches } from "./observe-replies.mjs";

// Loaded before every test file: no test ends well in which an emulator of this process broke Port's API description.
afterEach(() => {
  expect(takeBreaches(), "replies that break Port's API description").toEqual([]);
});
