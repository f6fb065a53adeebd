/** All headers of a request. */
export interface Headers {
  /** Lower-case names. Lines of one name are joined by commas, those of `cookie` by semicolons. */
  readonly map: Map<string, string>
  /** The names that had more than one line. */
  readonly repeated: ReadonlySet<string>
}

const NONE: ReadonlySet<string> = new Set()

/**
 * Reads Node's `rawHeaders`: names and values in turn. Its `headers` would not do: of two lines of `authorization` or `host`
 * it keeps the first alone (CVE-2020-25017).
 */
export const readHeaders = (raw: readonly string[]): Headers => {
  const map = new Map<string, string>()
  let repeated: Set<string> | undefined
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = (raw[at] as string).toLowerCase()
    const value = raw[at + 1] as string
    const before = map.get(name)
    if (before === undefined) map.set(name, value)
    else {
      repeated ??= new Set()
      repeated.add(name)
      map.set(name, `${before}${name === 'cookie' ? '; ' : ','}${value}`)
    }
  }
  return { map, repeated: repeated ?? NONE }
}
