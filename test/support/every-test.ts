import { afterEach, expect } from "vitest";
import { takeLeaks } from "./leaks.js";
import { takeBreaches } from "./observe-replies.mjs";

// Loaded before every test file: no test ends well in which an emulator of this process broke Port's API description, or that leaves listeners behind.
afterEach(() => {
  expect(takeBreaches(), "replies that break Port's API description").toEqual([]);
  expect(takeLeaks(), "listeners that are never removed").toEqual([]);
});
