import * as z from 'zod'
import { readYaml } from './read-yaml.ts'

const words = z.array(z.string())
const byName = z.record(z.string(), z.string())

/** Lines of a mapping, several for a list. Not a record: zod leaves the key `__proto__` out of those. */
const lines = z
  .custom<object>((value) => typeof value === 'object' && value !== null && !Array.isArray(value))
  .transform((mapping) => Object.entries(mapping).flatMap(([name, value]) => [value].flat().map((one) => [name, one])))
  .pipe(z.array(z.tuple([z.string(), z.union([z.string(), z.strictObject({ hex: z.string() })])])))

/** A Check request, its placeholders still to be filled. */
export const check = z.strictObject({
  method: z.string().default('GET'),
  host: z.string().default(''),
  path: z.string().default('/'),
  headers: lines.default([]),
  headerMap: z.array(z.tuple([z.string(), z.string()])).optional(),
  withoutPseudoHeaders: z.literal(true).optional(),
  clientCertificate: z.string().optional(),
  contextExtensions: lines.default([]),
  empty: z.enum(['attributes', 'request', 'http']).optional(),
})

const status = z.union([z.literal('ok'), z.int().min(400).max(599)])

const demand = z.strictObject({
  status: z.union([status, z.array(status)]),
  error: z.enum(['none', 'invalid_request', 'invalid_token', 'insufficient_scope']).optional(),
  challenge: byName.optional(),
  challengeWithout: words.optional(),
  schemes: words.optional(),
  basicRealm: z.string().optional(),
  upstream: byName.optional(),
  upstreamWithout: words.optional(),
  removed: words.optional(),
  notRemoved: words.optional(),
  body: z.enum(['problem', 'line']).optional(),
  mustNotAppear: words.optional(),
  maxMillis: z.number().optional(),
  sameAs: z.string().optional(),
})

/** What has to come back. Unknown words are refused: a slip of the pen must not weaken a row. */
export const expect = z.union([demand, z.strictObject({ oneOf: z.array(demand).min(2) })])

/** What every row has, whether it is one request or several steps. */
export const titled = { id: z.string(), title: z.string(), source: z.string(), policy: z.string() }

/** The two ways in which Envoy puts headers into a Check request: one text per name, or bytes per line. */
const form = z.enum(['map', 'raw'])

const single = z.strictObject({ ...titled, forms: z.array(form).default(['map', 'raw']), check, expect })

export type Check = z.output<typeof check>
export type Demand = z.output<typeof demand>
export type Expect = z.output<typeof expect>
export type Form = z.output<typeof form>
export type Case = z.output<typeof single>

/** The files whose rows are one request each. */
export const CASE_FILES = [
  'bearer-syntax.yaml',
  'keys.yaml',
  'jwt.yaml',
  'introspection.yaml',
  'resource-metadata.yaml',
  'routes-and-paths.yaml',
  'identity-headers.yaml',
  'preflight-and-upgrade.yaml',
  'credentials.yaml',
]

/** All rows that are one request each. */
export const loadCases = (): Case[] =>
  CASE_FILES.flatMap((file) => z.strictObject({ cases: z.array(single) }).parse(readYaml(file)).cases)
