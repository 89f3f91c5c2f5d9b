import type { StudioCalls, StudioStreams } from "../calls.js";

/** A request that the server answered with a reason. */
export class Fault extends Error {
  readonly hint: string | undefined;
  constructor({ message, hint }: { readonly message: string; readonly hint?: string }) {
    super(message);
    this.hint = hint;
  }
}

type Reply<T> = { readonly ok: T } | { readonly fault: { readonly message: string; readonly hint?: string } };

function post(name: string, body: unknown, signal?: AbortSignal): Promise<Response> {
  return fetch(`/api/${name}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
    ...(signal && { signal }),
  });
}

/** Asks the server. @throws {Fault} with its reason */
export async function call<K extends keyof StudioCalls>(
  name: K,
  body: StudioCalls[K]["takes"],
  signal?: AbortSignal,
): Promise<StudioCalls[K]["gives"]> {
  const response = await post(name, body, signal);
  if (!response.ok) throw new Fault({ message: (await response.text()).trim() });
  const reply = (await response.json()) as Reply<StudioCalls[K]["gives"]>;
  if ("fault" in reply) throw new Fault(reply.fault);
  return reply.ok;
}

/** Asks for what takes long, and gives its events as they come. @throws {Fault} with the server's reason */
export async function* stream<K extends keyof StudioStreams>(
  name: K,
  body: StudioStreams[K]["takes"],
  signal: AbortSignal,
): AsyncGenerator<StudioStreams[K]["gives"]> {
  const response = await post(name, body, signal);
  if (!response.ok || response.body === null) throw new Fault({ message: (await response.text()).trim() });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const lines = (rest + value).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const event = JSON.parse(line) as StudioStreams[K]["gives"] | { readonly fault: { readonly message: string } };
      if (typeof event === "object" && "fault" in event) throw new Fault(event.fault);
      yield event as StudioStreams[K]["gives"];
    }
  }
}
