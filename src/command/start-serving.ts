import { fork } from 'node:child_process'
import type { ServeOptions } from '../serve.ts'

/** What runs, and how to end it: a second call of `drain` waits for nothing. */
export type Started =
  | { readonly kind: 'running'; readonly drain: () => Promise<void> }
  | { readonly kind: 'failed'; readonly code: number }

type Gate = Pick<ServeOptions, 'path' | 'loaded' | 'log'>

/** Each worker is what this process is: the sources, or a bundle of them. */
const [, PROGRAM = ''] = process.argv

/** The gate in this process. Each way to start loads what it needs, and nothing more. */
export const startAlone = async (gate: Gate): Promise<Started> => {
  const { serve } = await import('../serve.ts')
  const { createOpenOps } = await import('../ops/listen.ts')
  const { drain } = await serve({
    ...gate,
    environment: process.env,
    worker: 0,
    openOps: createOpenOps(gate.loaded.config.file.listen.ops),
    now: Date.now,
  })
  return { kind: 'running', drain }
}

/** The gate as one of several workers. It ends when its supervisor says so, or is gone. */
export const startWorker = async (gate: Gate, worker: number, drain: (why: object) => void): Promise<Started> => {
  const { serve } = await import('../serve.ts')
  const { onDrainAsked, openSupervisorChannel, tellSupervisor } = await import('../workers/supervisor-channel.ts')
  onDrainAsked(drain)
  // A terminal and a service manager signal all processes of a group, the supervisor too: it is its to say when to end.
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => {})
  const served = await serve({
    ...gate,
    environment: process.env,
    worker,
    openOps: openSupervisorChannel,
    now: Date.now,
  })
  tellSupervisor({ kind: 'listening' })
  return { kind: 'running', drain: served.drain }
}

/** Workers, each a process, and this one to watch over them. */
export const startSupervisor = async ({ path, loaded, log }: Gate): Promise<Started> => {
  const { supervise } = await import('../workers/supervise.ts')
  const { workers, listen } = loaded.config.file
  return supervise({
    count: workers,
    // Advanced: the channel carries infinity, the age of what was never read.
    start: (worker) =>
      fork(PROGRAM, ['serve', '--config', path, '--worker', String(worker)], { serialization: 'advanced' }),
    ops: listen.ops,
    log,
  })
}
