import { loadConfig } from '../src/config/load.ts'
import type { RequestView } from '../src/core/request.ts'
import { createGate } from '../src/gate.ts'
import { toDigest } from '../src/key/digest.ts'
import { createRecorder } from '../test/fixtures/recorder.ts'
import { toSecret } from './key-lines-file.ts'

/** Prints what a lookup and a decision cost with so many keys, as JSON: microseconds of CPU, for some in use and for all. */
const [path = '', count = '0'] = process.argv.slice(2)
const loaded = loadConfig(path, {})
if (loaded.kind === 'refused') throw new Error(JSON.stringify(loaded.problems))
const gate = await createGate(loaded.config, Date.now, createRecorder().observer)

const CHECKS = 50_000
const ROUNDS = 5

interface Asked {
  readonly digest: string
  readonly request: RequestView
}

const toAsked = (keys: number): readonly Asked[] => {
  let random = 1
  return Array.from({ length: CHECKS }, () => {
    random = (Math.imul(random, 1_664_525) + 1_013_904_223) >>> 0
    const secret = toSecret(Math.floor((random / 2 ** 32) * keys))
    const headers = new Map([['authorization', `Bearer ${secret}`]])
    return { digest: toDigest(secret), request: { host: 'a.example.com', method: 'GET', path: '/', headers } }
  })
}

/** The quickest round is the one that other programs disturbed least. */
const measure = async (round: () => Promise<void> | void): Promise<number> => {
  let least = Number.POSITIVE_INFINITY
  for (let turn = 0; turn < ROUNDS; turn += 1) {
    const start = process.threadCpuUsage()
    await round()
    const { user, system } = process.threadCpuUsage(start)
    least = Math.min(least, (user + system) / CHECKS)
  }
  return least
}

const measureWith = async (keys: number) => {
  const list = toAsked(keys)
  const lookUp = await measure(() => {
    for (const { digest } of list) if (!gate.keys().find(digest)) throw new Error('not found')
  })
  const decide = await measure(async () => {
    for (const { request } of list) if ((await gate.check(request)).kind !== 'ok') throw new Error('refused')
  })
  return { lookUp, decide }
}

console.log(JSON.stringify({ some: await measureWith(1_000), all: await measureWith(Number(count)) }))
gate.close()
