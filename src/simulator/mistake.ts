/** A request that cannot be done as asked; its text is a sentence with the way out. */
export class UserMistake extends Error {
  override readonly name = "UserMistake";
}
