import { withoutAddressSecrets } from "./secrets.js";

/** A fault in a mapping, an option or a blueprint file. */
export interface Issue {
  /** Dotted path, e.g. `resources.0.port.entity.mappings.identifier`. */
  readonly path: string;
  readonly message: string;
  /** Line in the file, from 1, when known. */
  readonly line?: number;
}

/** Every error's code, with what it means. The docs have a row for each, by test. */
export const errorCodes = {
  usage: "an option does not fit, or options do not fit together",
  mapping: "the mapping has faults; `issues` names them all",
  expression: "an expression never ends, or breaks the engine",
  source: "a source cannot be opened or read on",
  source_in_doubt: "it is not clear how a source is written, and there is no terminal to ask at",
  source_read_once: "what a program gave as a source is used up, or gone with that program",
  blueprint: "a blueprint is missing, has faults, or is refused by the API",
  api: "the API refused a request, or did not answer after all attempts",
  credentials_refused: "the API refuses the credentials",
  credentials_missing: "the environment has no credentials",
  pace: "the pace that several jobs share cannot be kept",
  guard:
    "a guard refused: deletions, emptied fields, a plan that drifted, a run of the same mapping and target under way",
  plan: "a plan file cannot be used",
  environment: "the machine refuses something that is needed, such as a port",
  state: "the state folder cannot be used, or has no such run",
  hook: "a function that the caller gave threw an error",
  internal: "a fault of this library: the counts do not add up, or another impossible state",
};

/** A code of {@link errorCodes}. */
export type ErrorCode = keyof typeof errorCodes;

/**
 * A run that cannot start or continue. Bad data is never one of these: it is a {@link Reject}. Each class is one that a caller can handle.
 *
 * Addresses in its texts lose user, password and query, however they got there.
 */
export abstract class PortloadError extends Error {
  /** Which error it is; stays the same where its words change. */
  abstract readonly code: ErrorCode;
  /** What to do about it, one sentence. */
  readonly hint: string | undefined;
  constructor(message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(withoutAddressSecrets(message), options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.hint = options.hint === undefined ? undefined : withoutAddressSecrets(options.hint);
  }
}

/** The command line is wrong: exit code 64. */
export class UsageError extends PortloadError {
  override readonly code: ErrorCode = "usage";
}

/** The mapping file is wrong; carries every issue at once. */
export class MappingError extends PortloadError {
  override readonly code: ErrorCode = "mapping";
  readonly file: string;
  readonly issues: readonly Issue[];
  /** @param what - is wrong, where it is not the mapping itself */
  constructor(file: string, issues: readonly Issue[], what?: string) {
    const lines = issues.map(
      (i) => `  ${file}${i.line === undefined ? "" : `:${i.line}`}${i.path === "" ? "" : ` ${i.path}`}: ${i.message}`,
    );
    const faults = `${issues.length} ${issues.length === 1 ? "fault" : "faults"} in the mapping`;
    super(`${what ?? faults}\n${lines.join("\n")}`);
    this.file = withoutAddressSecrets(file);
    this.issues = issues.map((issue) => ({ ...issue, message: withoutAddressSecrets(issue.message) }));
  }
}

/** An expression that never ends or breaks the engine; names resource, leaf and records. */
export class ExpressionError extends PortloadError {
  override readonly code: ErrorCode = "expression";
}

/** A source that cannot be opened or read further. `offset` counts bytes of the unpacked source from 0. */
export class SourceError extends PortloadError {
  override readonly code: ErrorCode;
  readonly source: string;
  readonly offset: number | undefined;
  readonly line: number | undefined;
  /** True for what `badText: reject` would make a reject of its record alone. */
  readonly isOfOneRecord: boolean;
  constructor(
    source: string,
    message: string,
    options: {
      code?: ErrorCode;
      hint?: string;
      cause?: unknown;
      offset?: number;
      line?: number;
      isOfOneRecord?: boolean;
    } = {},
  ) {
    super(`${source}: ${message}`, options);
    this.code = options.code ?? "source";
    this.source = withoutAddressSecrets(source);
    this.offset = options.offset;
    this.line = options.line;
    this.isOfOneRecord = options.isOfOneRecord === true;
  }
}

/** A blueprint that is missing, cannot be read, or cannot be ordered. */
export class BlueprintError extends PortloadError {
  override readonly code: ErrorCode = "blueprint";
}

/** The API answered in a way that no retry changes, or did not answer after all retries. */
export class ApiError extends PortloadError {
  override readonly code: ErrorCode = "api";
  readonly method: string;
  readonly url: string;
  readonly status: number | undefined;
  /** The API's own code, e.g. `not_found`. */
  readonly error: string | undefined;
  readonly traceId: string | undefined;
  readonly attempts: number;
  /** Code of a network fault, e.g. `ECONNREFUSED`, `REPLY_TOO_LARGE`; absent where a reply of the API came. */
  readonly fault: string | undefined;
  constructor(
    message: string,
    facts: {
      method: string;
      url: string;
      status?: number | undefined;
      error?: string | undefined;
      traceId?: string | undefined;
      attempts: number;
      fault?: string | undefined;
      hint?: string;
      cause?: unknown;
    },
  ) {
    super(message, facts);
    this.method = facts.method;
    this.url = facts.url;
    this.status = facts.status;
    this.error = facts.error;
    this.traceId = facts.traceId;
    this.attempts = facts.attempts;
    this.fault = facts.fault;
  }
}

/** The API refuses the credentials; never retried. */
export class AuthError extends ApiError {
  override readonly code: ErrorCode = "credentials_refused";
}

/** There are no credentials to ask a token with. */
export class CredentialsError extends PortloadError {
  override readonly code: ErrorCode = "credentials_missing";
}

/** The pace that several jobs share cannot be kept: its Redis does not answer. */
export class PaceError extends PortloadError {
  override readonly code: ErrorCode = "pace";
}

/** A guard refused: exit code 6. */
export class GuardError extends PortloadError {
  override readonly code: ErrorCode = "guard";
  /** Flags of the command line that would allow it, with which the hint ends; empty where none does. */
  readonly allowedBy: readonly string[];
  constructor(message: string, options: { hint?: string; cause?: unknown; allowedBy?: readonly string[] } = {}) {
    const { hint, allowedBy = [] } = options;
    super(message, { ...options, ...(hint !== undefined && { hint: [hint, ...allowedBy].join(" ") }) });
    this.allowedBy = allowedBy;
  }
}

/** A plan file that cannot be used. */
export class PlanError extends PortloadError {
  override readonly code: ErrorCode = "plan";
}

/** The system refuses something that the command needs, such as a port. */
export class EnvironmentError extends PortloadError {
  override readonly code: ErrorCode = "environment";
}

/** The state folder cannot be used. */
export class StateError extends PortloadError {
  override readonly code: ErrorCode = "state";
}

/** A function that the caller gave threw an error, which is its `cause`. */
export class HookError extends PortloadError {
  override readonly code: ErrorCode = "hook";
  constructor(name: string, cause: unknown) {
    super(`${name} threw: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

/** The counts do not add up, or another impossible state: exit code 5. */
export class InternalError extends PortloadError {
  override readonly code: ErrorCode = "internal";
}
