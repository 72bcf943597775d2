/** One line of `offhook check`. */
export interface Finding {
  /** Only `FAIL` makes the check fail. */
  readonly mark: "ok" | "warn" | "FAIL";
  readonly what: string;
  readonly says: string;
}
