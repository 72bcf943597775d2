/** One line of `offhook check`. */
export interface Finding {
  /** Only `FAIL` makes the check fail. */
  readonly mark: "ok" | "warn" | "FAIL";
  readonly what: string;
  readonly says: string;
  /** More of what the line before says, and no check of its own. */
  readonly isDetail?: true;
}
