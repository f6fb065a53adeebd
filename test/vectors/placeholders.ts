/** What stands behind the placeholders: a function for each word, given what follows the colon. */
export type Meanings = Readonly<Record<string, (...parameters: string[]) => string>>

/** Puts values in the place of `{{word:parameter}}`. */
export type Fill = (text: string) => string

/** Fills placeholders; one without meaning is a mistake in a row and throws. */
export const createFill =
  (meanings: Meanings): Fill =>
  (text) =>
    text.replaceAll(/\{\{([a-z]+)(?::|(?=[+-]\d))?([^{}]*)\}\}/g, (placeholder, word: string, parameters: string) => {
      const meaning = meanings[word]
      if (!meaning) throw new Error(`the placeholder ${placeholder} means nothing`)
      return meaning(...parameters.split(':'))
    })

/** Fills the placeholders of all texts in a JSON-like value. */
export const fillDeep = (value: unknown, fill: Fill): unknown => {
  if (typeof value === 'string') return fill(value)
  if (Array.isArray(value)) return value.map((item) => fillDeep(item, fill))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, fillDeep(item, fill)]))
}
