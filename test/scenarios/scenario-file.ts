import * as z from 'zod'
import { check, expect, titled } from '../vectors/case-file.ts'
import { fileContent } from '../vectors/file-content.ts'
import { readYaml } from '../vectors/read-yaml.ts'

const words = z.array(z.string())
const name = z.string().optional()
/** `eventually`: it must hold at some time, `holds`: all the time, for that many seconds. */
const within = { eventually: z.number().optional(), holds: z.number().optional() }
const limits = { atLeast: z.int().default(0), atMost: z.int().default(Number.POSITIVE_INFINITY) }

const start = z.strictObject({
  ready: z.boolean().default(true),
  fails: z.boolean().default(false),
  says: words.default([]),
})
const asking = z.strictObject({
  name,
  ...within,
  repeat: z.int().default(1),
  parallel: z.int().default(1),
  check,
  expect,
})
const jwks = z.strictObject({
  set: z.string(),
  keys: words.optional(),
  json: z.unknown().optional(),
  body: z.string().optional(),
  status: z.int().optional(),
  contentType: z.string().optional(),
  delay: z.number().optional(),
  redirect: z.string().optional(),
})
const write = z.strictObject({
  path: z.string(),
  file: fileContent,
  how: z.enum(['rename', 'inplace']).default('rename'),
})

const step = z.union([
  asking,
  z.strictObject({ start }),
  z.strictObject({ jwks }),
  z.strictObject({ fetches: z.strictObject({ set: z.string(), ...limits }) }),
  z.strictObject({ resetFetches: z.literal(true) }),
  z.strictObject({ write }),
  z.strictObject({ remove: z.string() }),
  z.strictObject({ rename: z.strictObject({ from: z.string(), to: z.string() }) }),
  z.strictObject({ mount: z.strictObject({ path: z.string(), files: z.record(z.string(), fileContent) }) }),
  z.strictObject({ config: z.union([z.strictObject({ policy: z.string() }), z.strictObject({ text: z.string() })]) }),
  z.strictObject({ name, ...within, health: z.string() }),
  z.strictObject({ ...within, ready: z.boolean() }),
  z.strictObject({ name, says: z.string() }),
  z.strictObject({ wait: z.number() }),
  z.strictObject({ alive: z.literal(true) }),
])

const scenario = z.strictObject({ ...titled, steps: z.array(step).min(1) })

export type Step = z.output<typeof step>
export type Asking = z.output<typeof asking>
export type Starting = z.output<typeof start>
export type JwksChange = z.output<typeof jwks>
export type Scenario = z.output<typeof scenario>

/** The rows of one file whose cases are steps. */
export const loadScenarios = (file: string): Scenario[] =>
  z.strictObject({ cases: z.array(scenario) }).parse(readYaml(file)).cases
