const MALFORMED = { kind: 'malformed' } as const

interface Pair {
  readonly name: string
  /** As it stands in the header. */
  readonly text: string
}

/** Lines of one Cookie header reach us joined by a comma or a semicolon: what one program could take for a pair is one. */
const toPairs = (header: string, separator: RegExp): readonly Pair[] =>
  header.split(separator).map((part) => {
    const text = part.trim()
    const equals = text.indexOf('=')
    return { name: equals < 0 ? '' : text.slice(0, equals).trimEnd(), text }
  })

/**
 * The value of a cookie (RFC 6265 §4.2), empty where it is empty; undefined where there is none. Two of one name are
 * refused (RFC 6265 §4.2.2 promises no order), and so is a second one behind a comma. Quotes belong to the value (§5.4).
 */
export const readCookie = (header: string | undefined, name: string): string | undefined | typeof MALFORMED => {
  if (!header?.includes(name)) return undefined
  const [pair, ...more] = toPairs(header, /[;,]/).filter((other) => other.name === name)
  if (!pair) return undefined
  const isAlone = more.length === 0 && toPairs(header, /;/).some((other) => other.text === pair.text)
  return isAlone ? pair.text.slice(pair.text.indexOf('=') + 1).trimStart() : MALFORMED
}

/** A cookie-string that every program reads alike (RFC 6265 §4.1.1): visible ASCII with inner spaces. */
const CLEAN = /^[!-~](?:[ -~]*[!-~])?$/

/** The header without these cookies, empty where no other is left. Cookies that are not ASCII are left out with them. */
export const withoutCookies = (header: string, names: readonly string[]): string =>
  names.some((name) => header.includes(name))
    ? toPairs(header, /;/)
        .filter(({ text }) => CLEAN.test(text) && !toPairs(text, /,/).some(({ name }) => names.includes(name)))
        .map(({ text }) => text)
        .join('; ')
    : header
