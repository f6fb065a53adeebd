import * as z from 'zod'
import { isHeaderValue } from '../core/header-value.ts'
import { DURATION, parseDuration } from './duration.ts'

/** One value or a list of them; always a list once it is parsed. */
export const oneOrMany = <T extends z.ZodType<string>>(item: T) =>
  z.union([item, z.array(item).min(1, 'the list is empty')]).transform((value) => [value].flat())

/** A duration, in milliseconds once it is parsed. What a timer waits for is at most 24d: Node takes more for none. */
export const duration = (fallback: string, { min = '0s', max = '999999d' } = {}) =>
  z
    .string()
    .regex(DURATION, 'write a duration as 30s, 5m, 24h or 90d')
    .refine((text) => toMilliseconds(text) >= toMilliseconds(min), `is shorter than ${min}`)
    .refine((text) => toMilliseconds(text) <= toMilliseconds(max), `is longer than ${max}`)
    .default(fallback)
    .transform(toMilliseconds)

const toMilliseconds = (text: string): number => parseDuration(text) ?? 0

/** Text that could be a header value. */
export const line = z.string().refine(isHeaderValue, 'use visible ASCII and inner spaces, at least one character')

/** A file name or folder, relative to the configuration file. */
export const file = z.string().min(1, 'is empty')

/** Where a listener listens. */
export const address = z
  .string()
  .regex(/^(?:unix:\/.+|(?:\[[0-9A-Fa-f:]+\]|[A-Za-z0-9.-]+):\d{1,5})$/, 'write host:port or unix:/path')

/** A scope (RFC 6749 §3.3). */
export const scope = z.string().regex(/^[!#-[\]-~]+$/, 'a scope is visible ASCII without space, " and \\')
