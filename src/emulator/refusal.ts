type Details = Readonly<Record<string, unknown>>;

/** Why a request, or one item of it, is refused: a value within the emulator, the common envelope in the reply. */
export class Refusal {
  readonly status: number;
  /** Port's code, e.g. `not_found`. */
  readonly error: string;
  readonly message: string;
  /** What the refusal is about, for programs; on some 404 and 422 only. */
  readonly details: Details | undefined;
  constructor(status: number, error: string, message: string, details?: Details) {
    this.status = status;
    this.error = error;
    this.message = message;
    this.details = details;
  }
  /** The body of the reply. */
  get body(): { readonly ok: false; readonly error: string; readonly message: string; readonly details?: Details } {
    const { error, message, details } = this;
    return details === undefined ? { ok: false, error, message } : { ok: false, error, message, details };
  }
}

/** The request does not match the route's schema. */
export function invalidRequest(message: string): Refusal {
  return new Refusal(422, "invalid_request", message);
}

/** The entity does not match its blueprint's schema. */
export function schemaMismatch(message: string): Refusal {
  return new Refusal(422, "blueprint_schema_mismatch", message);
}

/** The text of a live reply. */
export function blueprintNotFound(identifier: string): Refusal {
  return notFound("Blueprint", identifier);
}

/** The text of a live reply; also for the target of a relation and a team. */
export function entityNotFound(identifier: string, blueprint: string): Refusal {
  const message = `Entity with identifier "${identifier}" does not exist in the blueprint "${blueprint}"`;
  return new Refusal(404, "not_found", message, { resource: "Entity", byField: "identifier", withValue: identifier });
}

/** Nothing of that kind has the identifier. The details are those of live replies. */
export function notFound(resource: string, identifier: string, field = "identifier"): Refusal {
  const details = { resource, byField: field, withValue: identifier };
  return new Refusal(404, "not_found", `${resource} with ${field} "${identifier}" was not found`, details);
}

/** The identifier belongs to another one. */
export function identifierTaken(what: string, identifier: string): Refusal {
  return new Refusal(409, "identifier_taken", `${what} with identifier "${identifier}" already exists`);
}

/** A required relation has no value, or (403) loses it. */
export function requiredRelation(relation: string, status: 403 | 422): Refusal {
  const message =
    status === 403
      ? `The relation "${relation}" cannot be deleted because it is a required relation`
      : `The relation "${relation}" is required`;
  return new Refusal(status, "required_relation", message);
}

/** Somebody would be left without a target that it requires. */
export function hasDependents(status: number, message: string): Refusal {
  return new Refusal(status, "has_dependents", message);
}
