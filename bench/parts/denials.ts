import type { Bench, Part } from '../bench.ts'
import { compareServers } from '../compare-servers.ts'
import { startGate } from '../servers.ts'

const gate = (bench: Bench) => startGate(bench)
const gateThatLogsAll = (bench: Bench) => startGate(bench, { logs: 'null' })
const gateWithoutCache = (bench: Bench) => startGate(bench, { remembers: false })

const GOOD = 'good key'
const LOGGED = 'good key, logged as denials are'
const NEW = 'new token, ES256'

/** What a denial costs, beside the allowance that takes as much work. Denials are logged, allowances are not: the default. */
export const measureDenials: Part = (bench) =>
  compareServers(bench, [
    { title: GOOD, start: gate, shown: 'key' },
    { title: LOGGED, start: gateThatLogsAll, shown: 'key', beside: [GOOD] },
    { title: 'no credential', start: gate, shown: 'no credential', beside: [GOOD, LOGGED] },
    { title: 'unknown key', start: gate, shown: 'unknown key', beside: [GOOD, LOGGED] },
    { title: NEW, start: gateWithoutCache, shown: 'ES256' },
    { title: 'unknown kid', start: gateWithoutCache, shown: 'unknown kid', beside: [LOGGED, NEW] },
    { title: 'bad signature', start: gateWithoutCache, shown: 'bad signature', beside: [NEW] },
  ])
