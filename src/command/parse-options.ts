import { InvalidArgumentError } from 'commander'
import { parseDuration } from '../config/duration.ts'
import { hostPattern } from '../config/route-schema.ts'
import { isKeyId } from '../sources/key-entry.ts'

/** The id of a key. */
export const parseId = (text: string): string => {
  if (!isKeyId(text)) throw new InvalidArgumentError('An id is 1 to 128 visible ASCII characters with inner spaces.')
  return text
}

/** Scopes, separated by commas. */
export const parseScopes = (text: string): string[] => {
  const scopes = toList(text)
  if (scopes.every((scope) => /^[!#-[\]-~]+$/.test(scope))) return scopes
  throw new InvalidArgumentError('Scopes are visible ASCII without space, " and \\, separated by commas.')
}

/** Host names, separated by commas. */
export const parseHosts = (text: string): string[] => {
  const hosts = toList(text)
  if (hosts.every((host) => hostPattern.safeParse(host).success)) return hosts
  throw new InvalidArgumentError('Write host names without port, such as api.example.com,*.example.org.')
}

/** A time as RFC 3339, given as such or as a duration from now. */
export const parseTime = (text: string): string => {
  const duration = parseDuration(text)
  const time = duration === undefined ? Date.parse(text) : Date.now() + duration
  if (Number.isNaN(time)) throw new InvalidArgumentError('Write a duration such as 90d or 12h, or an RFC 3339 time.')
  return new Date(time).toISOString()
}

/** A time that is still to come. */
export const parseFutureTime = (text: string): string => {
  const time = parseTime(text)
  if (Date.parse(time) <= Date.now()) throw new InvalidArgumentError('That time is past.')
  return time
}

/** A duration, in milliseconds. */
export const parseOverlap = (text: string): number => {
  const duration = parseDuration(text)
  if (duration === undefined) throw new InvalidArgumentError('Write a duration such as 24h, or 0s for none.')
  return duration
}

/** One more `name=value`; a name that comes again makes a list. */
export const parseClaim = (
  text: string,
  before: Readonly<Record<string, string | string[]>> = {},
): Record<string, string | string[]> => {
  const [name = '', ...rest] = text.split('=')
  if (name === '' || rest.length === 0) throw new InvalidArgumentError('Write name=value, such as owner=alice.')
  const value = rest.join('=')
  const old = Object.hasOwn(before, name) ? before[name] : undefined
  return { ...before, [name]: old === undefined ? value : [old, value].flat() }
}

/** Codes of findings, separated by commas. */
export const parseCodes = (text: string): string[] => {
  const codes = toList(text)
  if (codes.every((code) => /^BG\d{3}$/.test(code))) return codes
  throw new InvalidArgumentError('Write codes such as BG221,BG232.')
}

const toList = (text: string): string[] => text.split(',').map((item) => item.trim())
