import { CredentialsError } from "../../errors.js";

/** What the API's token is asked with. */
export interface Credentials {
  readonly clientId: string;
  readonly clientSecret: string;
}

/** Takes the credentials from the environment: never from flags, which other users of the machine can read. @throws {CredentialsError} when one is missing */
export function credentialsFrom(env: Readonly<Record<string, string | undefined>>): Credentials {
  const { PORT_CLIENT_ID: clientId, PORT_CLIENT_SECRET: clientSecret } = env;
  const missing = [!clientId && "PORT_CLIENT_ID", !clientSecret && "PORT_CLIENT_SECRET"].filter(
    (name) => name !== false,
  );
  if (!clientId || !clientSecret)
    throw new CredentialsError(`no credentials: set ${missing.join(" and ")}`, {
      hint: "In Port: the … menu, Credentials. For a local try: portload emulator, whose credentials are portload and portload.",
    });
  for (const [name, value] of [
    ["PORT_CLIENT_ID", clientId],
    ["PORT_CLIENT_SECRET", clientSecret],
  ] as const)
    if (/[\s\p{Cc}]/u.test(value))
      throw new CredentialsError(`${name} has a line end, a blank or a control character in it`, {
        hint: `Take it out; from a file: export ${name}="$(tr -d '\\r\\n' < file)".`,
      });
  return { clientId, clientSecret };
}
