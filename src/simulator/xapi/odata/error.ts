/**
 * What XAPI answers when it refuses. Every refusal is thrown as one `ODataError`, and its body has
 * the published shape `{"error":{"code","message","target","details","innerError"}}`.
 */
export class ODataError extends Error {
  readonly status: number;
  readonly target: string | null;

  constructor(status: number, message: string, target: string | null = null) {
    super(message);
    this.name = "ODataError";
    this.status = status;
    this.target = target;
  }
}

export function badRequest(message: string, target: string | null = null): ODataError {
  return new ODataError(400, message, target);
}

export function notFound(message: string): ODataError {
  return new ODataError(404, message);
}

export function forbidden(message: string): ODataError {
  return new ODataError(403, message);
}

export interface ODataErrorBody {
  error: {
    code: string;
    message: string;
    target: string | null;
    details: never[];
    innerError: Record<string, never>;
  };
}

export function errorBody(message: string, target: string | null = null): ODataErrorBody {
  return { error: { code: "", message, target, details: [], innerError: {} } };
}
