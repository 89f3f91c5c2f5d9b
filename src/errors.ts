import { withoutAddressSecrets } from "./secrets.js";

/** A fault in a mapping, an option or a blueprint file. */
export interface Issue {
  /** Dotted path, e.g. `resources.0.port.entity.mappings.identifier`. */
  readonly path: string;
  readonly message: string;
  /** Line in the file, from 1, when known. */
  readonly line?: number;
}

/**
 * A run that cannot start or go on. Bad data is never one of these: it is a {@link Reject}. Each class is a thing a caller can do something about.
 *
 * Addresses in its texts lose user, password and query, whatever mistake brought them there.
 */
export abstract class PortloadError extends Error {
  /** What to do about it, one sentence. */
  readonly hint: string | undefined;
  constructor(message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(withoutAddressSecrets(message), options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.hint = options.hint === undefined ? undefined : withoutAddressSecrets(options.hint);
  }
}

/** The command line is wrong: exit code 64. */
export class UsageError extends PortloadError {}

/** The mapping file is wrong; carries every issue at once. */
export class MappingError extends PortloadError {
  readonly file: string;
  readonly issues: readonly Issue[];
  constructor(file: string, issues: readonly Issue[]) {
    const lines = issues.map(
      (i) => `  ${file}${i.line === undefined ? "" : `:${i.line}`}${i.path === "" ? "" : ` ${i.path}`}: ${i.message}`,
    );
    super(`${issues.length} ${issues.length === 1 ? "fault" : "faults"} in the mapping\n${lines.join("\n")}`);
    this.file = withoutAddressSecrets(file);
    this.issues = issues.map((issue) => ({ ...issue, message: withoutAddressSecrets(issue.message) }));
  }
}

/** An expression that never ends or breaks the engine; names resource, leaf and records. */
export class ExpressionError extends PortloadError {}

/** A source that cannot be opened or read on. `offset` counts bytes of the unpacked source from 0. */
export class SourceError extends PortloadError {
  readonly source: string;
  readonly offset: number | undefined;
  readonly line: number | undefined;
  constructor(
    source: string,
    message: string,
    options: { hint?: string; cause?: unknown; offset?: number; line?: number } = {},
  ) {
    super(`${source}: ${message}`, options);
    this.source = withoutAddressSecrets(source);
    this.offset = options.offset;
    this.line = options.line;
  }
}

/** A blueprint that is missing, cannot be read, or cannot be ordered. */
export class BlueprintError extends PortloadError {}

/** The API answered in a way that no retry changes, or did not answer after all retries. */
export class ApiError extends PortloadError {
  readonly method: string;
  readonly url: string;
  readonly status: number | undefined;
  /** The API's own code, e.g. `not_found`. */
  readonly error: string | undefined;
  readonly traceId: string | undefined;
  readonly attempts: number;
  /** Code of a fault on the way, e.g. `ECONNREFUSED`, `REPLY_TOO_LARGE`; absent where a reply of the API came. */
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
export class AuthError extends ApiError {}

/** There are no credentials to ask a token with. */
export class CredentialsError extends PortloadError {}

/** The pace that several jobs share cannot be kept: its Redis does not answer. */
export class PaceError extends PortloadError {}

/** A guard refused: exit code 6. */
export class GuardError extends PortloadError {}

/** A plan file that cannot be used. */
export class PlanError extends PortloadError {}

/** The machine refuses something that the command needs, such as a port. */
export class EnvironmentError extends PortloadError {}

/** The state folder cannot be used. */
export class StateError extends PortloadError {}

/** The counts do not add up, or another impossible state: exit code 5. */
export class InternalError extends PortloadError {}
