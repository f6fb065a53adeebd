import type { Part } from './part.ts'

/** True when Envoy's StringMatcher accepts the text. A regular expression that cannot be read here accepts all. */
export const matchString = (matcher: Part, text: string): boolean => {
  const fold = matcher.get('ignore_case').isTrue ? (value: string) => value.toLowerCase() : (value: string) => value
  const wanted = (name: string): string | undefined => {
    const value = matcher.get(name).text
    return value === undefined ? undefined : fold(value)
  }
  const [exact, prefix, suffix, contains] = ['exact', 'prefix', 'suffix', 'contains'].map(wanted)
  const given = fold(text)
  if (exact !== undefined) return given === exact
  if (prefix !== undefined) return given.startsWith(prefix)
  if (suffix !== undefined) return given.endsWith(suffix)
  if (contains !== undefined) return given.includes(contains)
  const regex = matcher.get('safe_regex', 'regex').text ?? matcher.get('regex').text
  return regex === undefined || matchRegex(regex, text)
}

/** RE2 on the whole text, which for what configurations use reads like JavaScript's. */
export const matchRegex = (regex: string, text: string): boolean => {
  try {
    return new RegExp(`^(?:${regex.replace(/^\(\?i\)/, '')})$`, regex.startsWith('(?i)') ? 'i' : '').test(text)
  } catch {
    return true
  }
}
