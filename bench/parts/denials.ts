import type { Bench, Part } from '../bench.ts'
import { compareServers } from '../compare-servers.ts'
import { startGate } from '../servers.ts'

const gate = (bench: Bench) => startGate(bench)
const gateWithoutCache = (bench: Bench) => startGate(bench, { remembers: false })

/** What a denial costs, beside the allowance that takes as much work: each is logged, as it is by default. */
export const measureDenials: Part = (bench) =>
  compareServers(bench, [
    { title: 'good key', start: gate, shown: 'key' },
    { title: 'no credential', start: gate, shown: 'no credential', beside: ['good key'] },
    { title: 'unknown key', start: gate, shown: 'unknown key', beside: ['good key'] },
    { title: 'new token, ES256', start: gateWithoutCache, shown: 'ES256' },
    { title: 'unknown kid', start: gateWithoutCache, shown: 'unknown kid', beside: ['good key', 'new token, ES256'] },
    { title: 'bad signature', start: gateWithoutCache, shown: 'bad signature', beside: ['new token, ES256'] },
  ])
