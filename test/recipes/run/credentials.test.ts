import { expect, it } from "vitest";
import { CredentialsError } from "../../../src/errors.js";
import { credentialsFrom } from "../../../src/recipes/run/client-options.js";

it.each([
  ["PORT_CLIENT_SECRET", "s3cr3t\n"],
  ["PORT_CLIENT_SECRET", "s3cr3t\r"],
  ["PORT_CLIENT_SECRET", " s3cr3t"],
  ["PORT_CLIENT_ID", "id\n"],
])("a line end or blank in %s is named, without its value", (name, value) => {
  let error: unknown;
  try {
    credentialsFrom({ PORT_CLIENT_ID: "id", PORT_CLIENT_SECRET: "s3cr3t", [name]: value });
  } catch (cause) {
    error = cause;
  }
  expect(error).toBeInstanceOf(CredentialsError);
  expect((error as CredentialsError).message).toBe(`${name} has a line end, a blank or a control character in it`);
  expect(`${(error as CredentialsError).message}${(error as CredentialsError).hint}`).not.toContain("s3cr3t");
});

it("credentials as Port gives them are taken as they are", () => {
  const env = { PORT_CLIENT_ID: "a1B2", PORT_CLIENT_SECRET: "x/+=._~-Y" };
  expect(credentialsFrom(env)).toEqual({ clientId: "a1B2", clientSecret: "x/+=._~-Y" });
});
