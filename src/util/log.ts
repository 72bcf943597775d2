/** The logger that every room is handed. One wide line for each unit of work; never a secret in it. */
export interface Log {
  debug(fields: object, line: string): void;
  info(fields: object, line: string): void;
  warn(fields: object, line: string): void;
  error(fields: object, line: string): void;
}

/** Says nothing; for tests and embedded parts that are asked to be quiet. */
export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };
