import type { Bench, Part } from '../bench.ts'
import { compareServers } from '../compare-servers.ts'
import { startConstant, startFrames, startGate, startReference } from '../servers.ts'

const GATE = 'bearergate, API key'
const CONSTANT = '@grpc/grpc-js, constant answer'
const FRAMES = 'node:net, constant frames'
const REFERENCE = 'grpc-go, API key'

const gate = (bench: Bench) => startGate(bench)

/** What a check of an API key costs, in every way in which it can be asked. */
export const measureKey: Part = (bench) =>
  compareServers(bench, [
    { title: GATE, start: gate, shown: 'key', beside: [CONSTANT, FRAMES, REFERENCE] },
    { title: CONSTANT, start: startConstant, shown: 'key' },
    { title: FRAMES, start: startFrames, shown: 'key' },
    { title: REFERENCE, start: startReference, shown: 'key' },
    {
      title: 'bearergate, every decision logged to /dev/null',
      start: () => startGate(bench, { logs: 'null' }),
      shown: 'key',
      beside: [GATE],
    },
    {
      title: 'bearergate, every decision logged to a file',
      start: () => startGate(bench, { logs: 'file' }),
      shown: 'key',
      beside: [GATE],
    },
    {
      title: 'bearergate, over HTTP',
      start: async () => {
        const { http, ...server } = await startGate(bench)
        return { ...server, address: http }
      },
      form: 'question',
      shown: 'key',
      beside: [GATE],
    },
    {
      title: 'bearergate, over a unix socket',
      start: () => startGate(bench, { isOnSocket: true }),
      shown: 'key',
      beside: [GATE],
    },
    { title: 'bearergate, `workers: 2`', start: () => startGate(bench, { workers: 2 }), shown: 'key', beside: [GATE] },
  ])
