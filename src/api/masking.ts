/** Shorter texts are masked as they are only: their encoded forms come up by chance. */
const shortestEncoded = 6;

/** Every form in which a secret may come back: as it is, within JSON or an address, in base64 at any place of a longer text, as hexadecimal digits. */
export function formsOf(secret: string): readonly string[] {
  const forms = [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)];
  if (secret.length >= shortestEncoded) {
    const hex = Buffer.from(secret).toString("hex");
    forms.push(hex, hex.toUpperCase(), ...base64Forms(secret));
  }
  return [...new Set(forms)].filter((form) => form !== "").sort((a, b) => b.length - a.length);
}

/** Base64 of a text that has the secret at any of the three offsets, without what its neighbours decide. */
function base64Forms(secret: string): readonly string[] {
  return [0, 1, 2].flatMap((offset) => {
    const bytes = Buffer.concat([Buffer.alloc(offset), Buffer.from(secret)]);
    const start = Math.ceil((offset * 4) / 3);
    const end = Math.floor((bytes.length * 4) / 3);
    const form = bytes.toString("base64").slice(start, end);
    return [form, form.replaceAll("+", "-").replaceAll("/", "_")];
  });
}

/** Makes the function that takes secrets out of a text. @param secrets - those in use, asked for each time */
export function createRedact(secrets: () => readonly string[]): (text: string) => string {
  const known = new Map<string, readonly string[]>();
  const of = (secret: string): readonly string[] => {
    const forms = known.get(secret) ?? formsOf(secret);
    // The client's secret and a few tokens.
    if (known.size > 16) known.clear();
    known.set(secret, forms);
    return forms;
  };
  return (text) =>
    secrets()
      .flatMap(of)
      .reduce((rest, form) => rest.replaceAll(form, "***"), text);
}
