/**
 * From a DID number, or from the trunk alone, to the inbound rule that routes it. Pure. Masks are
 * the PBX's own: a `*` before or after the digits stands for any others. A leading "+" means
 * nothing.
 */
import type { Did } from "../../tracker/activity.ts";

export interface DidRule {
  /** Identity within the PBX; "" if not told. */
  readonly id: string;
  readonly name: string;
  /** The mask or masks as the PBX has them. */
  readonly data: string;
  /** DN of its trunk; "" if not told. */
  readonly trunk: string;
}

interface Mask {
  readonly digits: string;
  readonly openStart: boolean;
  readonly openEnd: boolean;
}

export function digitsOf(number: string): string {
  return number.replace(/\D/g, "");
}

function masksOf(data: string): readonly Mask[] {
  return data
    .split(/[,;|\s]+/)
    .map((part) => part.trim())
    .filter((part) => digitsOf(part) !== "")
    .map((part) => ({
      digits: digitsOf(part),
      openStart: part.startsWith("*"),
      openEnd: part.endsWith("*"),
    }));
}

/** Numbers are written with more or fewer prefixes; so many last digits must agree at least. */
const sameDigitsMin = 7;

/** Without what is dialled first to leave the town (`0`) or the country (`00`). */
function bare(digits: string): string {
  return digits.replace(/^0+/, "");
}

/** The shorter is the end of the longer: 0 if it is not, else how many digits agree. */
function agreement(one: string, other: string): number {
  const [a, b] = [bare(one), bare(other)];
  const shorter = Math.min(a.length, b.length);
  return shorter >= sameDigitsMin && (a.endsWith(b) || b.endsWith(a)) ? shorter : 0;
}

/** How well it fits: 0 not at all, the more digits the better, exact beats any mask. */
function closeness(mask: Mask, digits: string): number {
  if (mask.digits === digits) return 1_000;
  const agreeing = agreement(mask.digits, digits);
  if (agreeing > 0) return 500 + agreeing;
  const fits =
    mask.openStart && mask.openEnd
      ? digits.includes(mask.digits)
      : (mask.openStart && digits.endsWith(mask.digits)) ||
        (mask.openEnd && digits.startsWith(mask.digits));
  return fits ? mask.digits.length : 0;
}

export interface DidRules {
  /** The DID with its rule's name; a number without a rule keeps an empty name. */
  ofNumber(number: string, trunk: string): Did;
  /** It is one of the trunks' numbers, with more or fewer prefixes. */
  isOwn(number: string): boolean;
  /** The rule of a trunk that has only one; null for none or several. */
  onlyOf(trunk: string): Did | null;
  /** The one rule of the trunk whose name and a colon begin the text; null for none or several. */
  ofPrefix(text: string, trunk: string): Did | null;
}

export function didRules(
  rules: readonly DidRule[],
  /** Trunk DN → its DID numbers, for rules that do not tell their trunk. */
  trunkNumbers: ReadonlyMap<string, readonly string[]>,
): DidRules {
  const withMasks = rules.map((rule) => ({ rule, masks: masksOf(rule.data) }));
  const bestFit = (masks: readonly Mask[], digits: string) =>
    masks.reduce((best, mask) => Math.max(best, closeness(mask, digits)), 0);

  function belongsTo(entry: (typeof withMasks)[number], trunk: string): boolean {
    if (entry.rule.trunk !== "") return entry.rule.trunk === trunk;
    const numbers = trunkNumbers.get(trunk) ?? [];
    return numbers.some((number) => bestFit(entry.masks, digitsOf(number)) > 0);
  }

  const trunks = new Set([...trunkNumbers.keys(), ...rules.map(({ trunk }) => trunk)]);
  const ownOf = new Map(
    [...trunks].map((trunk) => [trunk, withMasks.filter((entry) => belongsTo(entry, trunk))]),
  );

  /** Of one rule the DID, of none or several null. */
  function didOfOnly(own: typeof withMasks, trunk: string): Did | null {
    const [only] = own;
    if (!only || own.length > 1) return null;
    const [mask] = only.masks;
    const whole = only.masks.length === 1 && mask && !mask.openStart && !mask.openEnd;
    if (whole) return { number: mask.digits, ruleName: only.rule.name };
    const fitting = (trunkNumbers.get(trunk) ?? []).filter(
      (number) => only.masks.length === 0 || bestFit(only.masks, digitsOf(number)) > 0,
    );
    const [onlyNumber = "", ...others] = fitting;
    const number = others.length === 0 ? onlyNumber.replace(/^\+/, "") : "";
    return { number, ruleName: only.rule.name };
  }

  const ownNumbers = [...trunkNumbers.values()].flat().map(digitsOf);

  return {
    isOwn(number) {
      const digits = digitsOf(number);
      if (digits === "") return false;
      return ownNumbers.some((own) => own === digits || agreement(own, digits) > 0);
    },
    ofNumber(number, trunk) {
      const digits = digitsOf(number);
      let best: { name: string; score: number } = { name: "", score: 0 };
      for (const entry of withMasks) {
        const score = bestFit(entry.masks, digits);
        if (score === 0) continue;
        // Between equal fits the rule of the trunk that brought the call goes first.
        const weighed = score + (entry.rule.trunk !== "" && entry.rule.trunk === trunk ? 0.5 : 0);
        if (weighed > best.score) best = { name: entry.rule.name, score: weighed };
      }
      return { number: number.replace(/^\+/, ""), ruleName: best.name };
    },
    onlyOf(trunk) {
      return didOfOnly(ownOf.get(trunk) ?? [], trunk);
    },
    ofPrefix(text, trunk) {
      const isNamed = ({ name }: DidRule) => name !== "" && text.startsWith(`${name}:`);
      const own = ownOf.get(trunk) ?? [];
      return didOfOnly(
        own.filter(({ rule }) => isNamed(rule)),
        trunk,
      );
    },
  };
}
