import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Config, loadConfig } from '../src/config/load.ts'
import { extractCredential } from '../src/core/credential.ts'
import { createRememberedAnswers } from '../src/core/remembered-answers.ts'
import type { RequestView } from '../src/core/request.ts'
import { type BearerRule, matchRoute } from '../src/core/route.ts'
import type { Verdict } from '../src/core/verdict.ts'
import { createGate } from '../src/gate.ts'
import { decodeCheck } from '../src/grpc/decode-check.ts'
import { type AnswerStyle, encodeVerdict } from '../src/grpc/encode-verdict.ts'
import { toDigest } from '../src/key/digest.ts'
import { createRecorder } from '../test/fixtures/recorder.ts'
import { makeFixtures } from './fixtures.ts'
import { toTable } from './markdown.ts'

/** Prints what each step of a check costs, as one Markdown table. It takes half a minute, and fails for no time. */
const ROUNDS = 8
const ROUND_MICROSECONDS = 200_000

const fixtures = await makeFixtures()
process.on('exit', fixtures.remove)

/** Hosts that each have a route of their own; the one that is asked for is the last. */
const toHosts = (count: number): readonly object[] => {
  const others = Array.from({ length: count - 1 }, (_, at) => `host-${at}.example.com`)
  return [...others, 'api.example.com'].map((host) => ({ rule: 'bearer', host }))
}

/** Paths of one host; again the last decides. */
const toPaths = (count: number): readonly object[] => {
  const others = Array.from({ length: count - 1 }, (_, at) => `/api/part-${at}/*`)
  return [...others, '/api/flow_runs/*'].map((path) => ({ rule: 'bearer', host: 'api.example.com', path }))
}

const load = (routes: readonly object[]): Config => {
  const path = join(fixtures.folder, 'steps.json')
  writeFileSync(path, JSON.stringify({ keys: [{ directory: './keys' }], routes }))
  const loaded = loadConfig(path, {})
  if (loaded.kind === 'refused') throw new Error(JSON.stringify(loaded.problems))
  return loaded.config
}

/** Check messages, each with its length in four bytes before it. */
const toMessages = (bytes: Buffer): readonly Buffer[] => {
  const messages: Buffer[] = []
  for (let at = 0; at < bytes.length; ) {
    const end = at + 4 + bytes.readUInt32BE(at)
    messages.push(bytes.subarray(at + 4, end))
    at = end
  }
  return messages
}

const config = load(toHosts(10))
const { reads, routes } = config.policy
const gate = await createGate(config, Date.now, createRecorder().observer)
const manyHosts = load(toHosts(10_000)).policy.routes
const manyPaths = load(toPaths(1_000)).policy.routes

const decode = (message: Buffer): RequestView => {
  const request = decodeCheck(message, reads, Date.now() + 1_000)
  if (!request) throw new Error('no request')
  return request
}
const rule = routes.list.at(-1)?.rule as BearerRule
const extract = (request: RequestView): string => {
  const extraction = extractCredential(request, rule)
  if (extraction.kind !== 'found' || extraction.credential.kind !== 'bearer') throw new Error(extraction.kind)
  return extraction.credential.token
}
const style: AnswerStyle = { isGrpc: false, outage: 'denied' }
const encode = (verdict: Verdict): Buffer => encodeVerdict(verdict, style)
const encodeRemembered = createRememberedAnswers(encodeVerdict, style)

const messages = toMessages(readFileSync(fixtures.messages('check', 'key')))
const requests = messages.map(decode)
const ambiguous = requests.map((request) => ({ ...request, path: '/api/flow_runs/..%2ffilter' }))
const tokens = requests.map(extract)
const digests = tokens.map(toDigest)
const verdicts = await Promise.all(requests.map(gate.check))
if (verdicts.some(({ kind }) => kind !== 'ok')) throw new Error('a good key was refused')

/** What was made last, so that nothing is left out as useless. */
let sink: unknown

interface Step {
  readonly title: string
  /** Takes each of the 1,000 once. */
  readonly run: () => void | Promise<void>
}

const each = <T>(title: string, list: readonly T[], work: (one: T) => unknown): Step => ({
  title,
  run: () => {
    for (const one of list) sink = work(one)
  },
})

const STEPS: readonly Step[] = [
  each('decode', messages, decode),
  each('match, 10 hosts', requests, (request) => matchRoute(routes, request)),
  each('match, 10,000 hosts', requests, (request) => matchRoute(manyHosts, request)),
  each('match, 1,000 paths of one host', requests, (request) => matchRoute(manyPaths, request)),
  each('match, ambiguous path among those', ambiguous, (request) => matchRoute(manyPaths, request)),
  each('extract', requests, extract),
  each('digest', tokens, toDigest),
  each('look up', digests, (digest) => gate.keys().find(digest)),
  each('encode, new', verdicts, encode),
  each('encode, remembered', verdicts, (verdict) => encodeRemembered(verdict, style)),
  {
    title: 'decide',
    run: async () => {
      for (const request of requests) sink = await gate.check(request)
    },
  },
  {
    title: 'all',
    run: async () => {
      for (const message of messages) sink = encodeRemembered(await gate.check(decode(message)), style)
    },
  },
]

/** Nanoseconds of CPU for one. Such clocks may stand still for some milliseconds, so a round goes on for many. */
const measure = async (run: Step['run']): Promise<number> => {
  const start = process.threadCpuUsage()
  for (let turns = 1; ; turns += 1) {
    await run()
    const { user, system } = process.threadCpuUsage(start)
    if (user + system > ROUND_MICROSECONDS) return ((user + system) * 1_000) / (turns * messages.length)
  }
}

/** The round in which a step cost least is the one that other programs disturbed least; steps take turns. */
const least = new Map<Step, number>()
for (let round = 0; round < ROUNDS; round += 1) {
  for (const step of STEPS) {
    least.set(step, Math.min(least.get(step) ?? Number.POSITIVE_INFINITY, await measure(step.run)))
  }
}
const rows = [...least].map(([{ title }, cost]) => [title, `${cost.toFixed(0)} ns`])
console.log([`Node ${process.version}`, '', ...toTable(['', 'CPU'], rows)].join('\n'))
if (sink === undefined) throw new Error('nothing was made')
gate.close()
