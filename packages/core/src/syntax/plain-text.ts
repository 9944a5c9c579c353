// Controls, what ends a line, halves of surrogate pairs, and what turns text around. What joins letters and emoji stays.
const misleading = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\u202a-\u202e\u2066-\u2069]/u

/**
 * Whether text is what it looks like, for a name by which a person decides. What is not is refused, and not repaired.
 *
 * @example
 * isPlainText('Mönas Läptop') // true
 * isPlainText('CI\u202e') // false
 */
export function isPlainText(text: string): boolean {
  return !misleading.test(text)
}
