import { own } from './jws.ts'

/** RFC 8693 §4.2 writes scopes with spaces between them; others write a list. What is no scope is left out. */
export const toScopes = (claims: Readonly<Record<string, unknown>>, names: readonly string[]): readonly string[] => {
  const value = names.map((name) => own(claims, name)).find((found) => found !== undefined)
  const scopes: readonly unknown[] = typeof value === 'string' ? value.split(' ') : Array.isArray(value) ? value : []
  return scopes.filter((scope): scope is string => typeof scope === 'string' && /^[!#-[\]-~]+$/.test(scope))
}
