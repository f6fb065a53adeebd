import { loadConfig } from '../src/config/load.ts'
import type { RequestView } from '../src/core/request.ts'
import { createGate } from '../src/gate.ts'
import type { Observer } from '../src/ops/observer.ts'
import { toSecret } from './key-lines-file.ts'

/** Prints what a check costs with so many keys, as JSON: nanoseconds with 1,000 keys in use, and with all of them. */
const [path = '', count = '0'] = process.argv.slice(2)
const loaded = loadConfig(path, {})
if (loaded.kind === 'refused') throw new Error(JSON.stringify(loaded.problems))
const silent: Observer = {
  reloaded: () => {},
  decided: () => {},
  turnedAway: () => {},
  cached: () => {},
  away: () => {},
  asked: () => {},
  fault: () => {},
}
const gate = await createGate(loaded.config, Date.now, silent)

const CHECKS = 50_000
const ROUNDS = 9

const toRequests = (keys: number): readonly RequestView[] => {
  let random = 1
  return Array.from({ length: CHECKS }, () => {
    random = (Math.imul(random, 1_664_525) + 1_013_904_223) >>> 0
    const authorization = `Bearer ${toSecret(Math.floor((random / 2 ** 32) * keys))}`
    return { host: 'a.example.com', method: 'GET', path: '/', headers: new Map([['authorization', authorization]]) }
  })
}

const measure = async (keys: number): Promise<number> => {
  const requests = toRequests(keys)
  const times: number[] = []
  for (let round = 0; round < ROUNDS; round += 1) {
    const start = performance.now()
    for (const request of requests) {
      const verdict = await gate.check(request)
      if (verdict.kind !== 'ok') throw new Error(`${verdict.kind} ${verdict.reason}`)
    }
    times.push(((performance.now() - start) / CHECKS) * 1e6)
  }
  // The quickest round is the one that other programs disturbed least.
  return Math.min(...times)
}

const some = await measure(1_000)
const all = await measure(Number(count))
console.log(JSON.stringify({ some, all }))
gate.close()
