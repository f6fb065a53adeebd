import type { ChildProcess } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { AggregatorRegistry, Counter, Registry } from 'prom-client'
import { listenOps, type Readiness } from '../ops/listen.ts'
import { createWorker } from './worker.ts'

export interface SuperviseOptions {
  readonly count: number
  /** Starts the process of a worker, with a channel to it. */
  readonly start: (worker: number) => ChildProcess
  /** Where `/livez`, `/readyz` and `/metrics` of all workers together are. */
  readonly ops: string
  readonly log: Logger
}

/** Workers that run; or that one of them could not start, with its exit code, and that all others have ended. */
export type Supervised =
  | { readonly kind: 'running'; readonly drain: () => Promise<void> }
  | { readonly kind: 'failed'; readonly code: number }

/** How long the place of a worker that ended stays empty, in milliseconds: one that cannot start is not tried all the time. */
const PAUSE_MILLISECONDS = 1_000

/**
 * Runs processes that answer checks, each on addresses of its own, and replaces those that end by themselves. They share
 * nothing but the configuration. Throws when the ops address is taken.
 */
export const supervise = async ({ count, start, ops: address, log }: SuperviseOptions): Promise<Supervised> => {
  const { registry, restarts } = createRestarts()
  let isDraining = false
  const workers = Array.from({ length: count }, (_, index) => createWorker(start(index)))
  const drain = async (): Promise<void> => {
    isDraining = true
    for (const worker of workers) worker.drain()
    await Promise.all(workers.map(({ ended }) => ended))
  }
  const replace = async (index: number, code: number): Promise<void> => {
    if (isDraining) return
    log.error({ worker: index, code }, 'a worker has ended: another one takes its place')
    restarts.inc()
    await sleep(PAUSE_MILLISECONDS)
    if (isDraining) return
    const worker = createWorker(start(index))
    workers[index] = worker
    void worker.ended.then((next) => replace(index, next))
  }

  const ask = () => Promise.all(workers.map((worker) => worker.ask()))
  const ops = await listenOps(address, {
    readiness: async () => toReadiness(await ask()),
    documents: async () => (await ask()).find((state) => state !== undefined)?.documents ?? [],
    metrics: async () => {
      const states = (await ask()).filter((state) => state !== undefined)
      const all = [await registry.getMetricsAsJSON(), ...states.map(({ metrics }) => metrics)]
      return AggregatorRegistry.aggregate(all).metrics()
    },
  })
  const listening = await Promise.all(workers.map((worker) => worker.listening))
  const failed = workers[listening.indexOf(false)]
  if (failed) {
    await drain()
    await ops.close()
    return { kind: 'failed', code: await failed.ended }
  }
  for (const [index, { ended }] of workers.entries()) void ended.then((code) => replace(index, code))
  log.info({ ops: ops.address, workers: count }, 'all workers listen')
  return {
    kind: 'running',
    drain: async () => {
      await drain()
      await ops.close()
    },
  }
}

const createRestarts = () => {
  const registry = new Registry()
  const restarts = new Counter({
    name: 'bearergate_worker_restarts_total',
    help: 'Workers that ended by themselves and were replaced.',
    registers: [registry],
  })
  return { registry, restarts }
}

/** Ready when each worker is: Envoy asks them all. */
const toReadiness = (states: readonly ({ readonly readiness: Readiness } | undefined)[]): Readiness => ({
  ready: states.every((state) => state?.readiness.ready),
  problems: states.flatMap((state, worker) =>
    (state?.readiness.problems ?? ['does not answer']).map((problem) => `worker ${worker}: ${problem}`),
  ),
})
