/** A text in one language; or in several, by BCP 47 tag: `{ en: 'Read your files', de: 'Deine Dateien lesen' }`. */
export type Words = string | Readonly<Record<string, string>>

/** Whether it is such a text, or such texts. */
export function isWords(value: unknown): value is Words {
  if (typeof value === 'string') return true
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const entries = Object.entries(value)
  return entries.length > 0 && entries.every(([tag, text]) => isLanguageTag(tag) && typeof text === 'string')
}

/** Whether it is a well-formed language tag (BCP 47). */
export function isLanguageTag(value: string): boolean {
  try {
    return Intl.getCanonicalLocales(value).length === 1
  } catch {
    return false
  }
}
