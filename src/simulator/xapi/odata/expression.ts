/**
 * The grammar of `$filter`, OData 4 (part 2, "URL Conventions"), as far as XAPI's clients use it:
 *
 *   or      = and *( "or" and )
 *   and     = not *( "and" not )
 *   not     = "not" not / compare
 *   compare = primary [ op primary / "in" "(" primary *( "," primary ) ")" ]
 *   primary = literal / "(" or ")" / name "(" [ or *( "," or ) ] ")" / path
 *   path    = name *( "/" name ) [ "/" ( "any" / "all" ) "(" [ name ":" or ] ")" / "/" "$count" ]
 *
 * Arithmetic is left out. Depth and size are bounded; nothing but `ODataError` is thrown.
 */
import { badRequest } from "./error.ts";
import { excerpt, type Token, tokenize } from "./token.ts";
import type { CompareOp, Value } from "./value.ts";

export type Expression =
  | { readonly kind: "literal"; readonly value: Value }
  | { readonly kind: "path"; readonly names: readonly string[] }
  | { readonly kind: "count"; readonly names: readonly string[] }
  | { readonly kind: "call"; readonly name: string; readonly args: readonly Expression[] }
  | {
      readonly kind: "compare";
      readonly op: CompareOp;
      readonly left: Expression;
      readonly right: Expression;
    }
  | { readonly kind: "in"; readonly left: Expression; readonly items: readonly Expression[] }
  | { readonly kind: "and" | "or"; readonly left: Expression; readonly right: Expression }
  | { readonly kind: "not"; readonly operand: Expression }
  | {
      readonly kind: "any" | "all";
      readonly names: readonly string[];
      readonly each: { readonly variable: string; readonly body: Expression } | undefined;
    };

export const EXPRESSION_CHARS_MAX = 8000;
export const EXPRESSION_DEPTH_MAX = 40;
export const EXPRESSION_NODES_MAX = 600;

const COMPARE_OPS: ReadonlySet<string> = new Set(["eq", "ne", "gt", "ge", "lt", "le"]);

export function parseExpression(text: string): Expression {
  const parser = new Parser(text);
  const expression = parser.or();
  parser.expectEnd();
  return expression;
}

class Parser {
  readonly #text: string;
  readonly #tokens: readonly Token[];
  #next = 0;
  #depth = 0;
  #nodes = 0;

  constructor(text: string) {
    if (text.length > EXPRESSION_CHARS_MAX) {
      throw badRequest(`The expression is longer than ${EXPRESSION_CHARS_MAX} characters.`);
    }
    this.#text = text;
    this.#tokens = tokenize(text);
  }

  or(): Expression {
    return this.#deeper(() => this.#chain("or", () => this.#and()));
  }

  expectEnd(): void {
    const token = this.#peek();
    if (token.kind !== "end") throw this.#unexpected(token);
  }

  #and(): Expression {
    return this.#chain("and", () => this.#not());
  }

  #chain(word: "and" | "or", operand: () => Expression): Expression {
    let left = operand();
    while (this.#takeWord(word)) left = this.#node({ kind: word, left, right: operand() });
    return left;
  }

  #not(): Expression {
    if (!this.#takeWord("not")) return this.#compare();
    return this.#deeper(() => this.#node({ kind: "not", operand: this.#not() }));
  }

  #compare(): Expression {
    const left = this.#primary();
    if (this.#takeWord("in")) return this.#node({ kind: "in", left, items: this.#list() });
    const token = this.#peek();
    if (token.kind !== "name" || !isCompareOp(token.name)) return left;
    this.#next += 1;
    return this.#node({ kind: "compare", op: token.name, left, right: this.#primary() });
  }

  #list(): Expression[] {
    this.#expectMark("(");
    const items = [this.#primary()];
    while (this.#takeMark(",")) items.push(this.#primary());
    this.#expectMark(")");
    return items;
  }

  #primary(): Expression {
    const token = this.#peek();
    if (token.kind === "literal") {
      this.#next += 1;
      return this.#node({ kind: "literal", value: token.value });
    }
    if (this.#takeMark("(")) {
      const inner = this.or();
      this.#expectMark(")");
      return inner;
    }
    if (token.kind !== "name") throw this.#unexpected(token);
    this.#next += 1;
    return this.#takeMark("(") ? this.#call(token.name) : this.#path(token.name);
  }

  #call(name: string): Expression {
    const args: Expression[] = [];
    if (!this.#takeMark(")")) {
      do args.push(this.or());
      while (this.#takeMark(","));
      this.#expectMark(")");
    }
    return this.#node({ kind: "call", name: name.toLowerCase(), args });
  }

  #path(first: string): Expression {
    const names = [first];
    while (this.#takeMark("/")) {
      const name = this.#expectName();
      if (name === "$count") return this.#node({ kind: "count", names });
      if ((name === "any" || name === "all") && this.#takeMark("(")) return this.#each(name, names);
      names.push(name);
      this.#count();
    }
    return this.#node({ kind: "path", names });
  }

  #each(kind: "any" | "all", names: string[]): Expression {
    if (this.#takeMark(")")) return this.#node({ kind, names, each: undefined });
    const variable = this.#expectName();
    this.#expectMark(":");
    const body = this.or();
    this.#expectMark(")");
    return this.#node({ kind, names, each: { variable, body } });
  }

  #deeper(parse: () => Expression): Expression {
    this.#depth += 1;
    if (this.#depth > EXPRESSION_DEPTH_MAX) {
      throw badRequest(`The expression is nested deeper than ${EXPRESSION_DEPTH_MAX} levels.`);
    }
    const expression = parse();
    this.#depth -= 1;
    return expression;
  }

  #node(expression: Expression): Expression {
    this.#count();
    return expression;
  }

  #count(): void {
    this.#nodes += 1;
    if (this.#nodes > EXPRESSION_NODES_MAX) {
      throw badRequest(`The node count limit of ${EXPRESSION_NODES_MAX} has been exceeded.`);
    }
  }

  #peek(): Token {
    return this.#tokens[this.#next] ?? { kind: "end", at: this.#text.length };
  }

  #takeWord(word: string): boolean {
    const token = this.#peek();
    if (token.kind !== "name" || token.name !== word) return false;
    this.#next += 1;
    return true;
  }

  #takeMark(mark: string): boolean {
    const token = this.#peek();
    if (token.kind !== "mark" || token.mark !== mark) return false;
    this.#next += 1;
    return true;
  }

  #expectMark(mark: string): void {
    if (!this.#takeMark(mark)) throw this.#unexpected(this.#peek(), `'${mark}'`);
  }

  #expectName(): string {
    const token = this.#peek();
    if (token.kind !== "name") throw this.#unexpected(token, "a name");
    this.#next += 1;
    return token.name;
  }

  #unexpected(token: Token, wanted = "an expression"): Error {
    return badRequest(`Expected ${wanted} at position ${token.at} in '${excerpt(this.#text)}'.`);
  }
}

function isCompareOp(name: string): name is CompareOp {
  return COMPARE_OPS.has(name);
}
