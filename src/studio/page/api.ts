import type { StudioCalls, StudioStreams } from "../calls.js";

/** A request that the server answered with a reason. */
export class Fault extends Error {
  readonly hint: string | undefined;
  constructor({ message, hint }: { readonly message: string; readonly hint?: string }) {
    super(message);
    this.hint = hint;
  }
}

type PageReply<T> = { readonly ok: T } | { readonly fault: { readonly message: string; readonly hint?: string } };

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
  const reply = (await response.json()) as PageReply<StudioCalls[K]["gives"]>;
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

type Child = Node | string | number | null | undefined | false;

/** Makes an element. Keys that begin with `on` are listeners; the others are attributes, left out where they are undefined or false. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, string | number | boolean | undefined | ((event: Event) => void)>> = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children)
    if (child !== null && child !== undefined && child !== false)
      element.append(child instanceof Node ? child : String(child));
  return element;
}

/** The element of an id. It is part of the page's own document, so that its lack is a fault of the page. */
export function byId<T extends HTMLElement = HTMLElement>(id: string): T {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`the page has no #${id}`);
  return element as T;
}

/** A value as the panes show it: text as it is, all else as JSON, shortened. */
export function shown(value: unknown): string {
  const text = typeof value === "string" ? value : value === undefined ? "" : JSON.stringify(value);
  return text.length > 300 ? `${text.slice(0, 299)}…` : text;
}

/** What lies at a path of keys; undefined where the path ends before. */
export function valueAt(value: unknown, path: readonly string[]): unknown {
  let at = value;
  for (const key of path) at = typeof at === "object" && at !== null ? (at as Record<string, unknown>)[key] : undefined;
  return at;
}

/** Puts children into an element, and touches only what is another one than before: the rest keeps its focus and is not laid out again. */
export function arrange(parent: HTMLElement, children: readonly HTMLElement[]): void {
  const wanted = new Set<Element>(children);
  for (const old of [...parent.childNodes]) if (!(old instanceof Element && wanted.has(old))) old.remove();
  for (const [at, child] of children.entries())
    if (parent.children[at] !== child) parent.insertBefore(child, parent.children[at] ?? null);
}
