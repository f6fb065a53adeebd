import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { toProblemText } from './config/document.ts'
import type { Config } from './config/load.ts'
import { watchConfig } from './config/watch-config.ts'
import { failed } from './core/verdict.ts'
import { createGate, type Gate } from './gate.ts'
import { listenGrpc } from './grpc/listen.ts'
import { createObserver } from './ops/create-observer.ts'
import { listenOps } from './ops/listen.ts'
import { createMetrics } from './ops/metrics.ts'

export interface ServeOptions {
  readonly path: string
  readonly config: Config
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly log: Logger
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

/** A running gate. */
export interface Served {
  /** Where Envoy asks, with the port that was bound. */
  readonly grpc: string
  readonly ops: string
  /** NOT_SERVING, a wait for Envoy to look elsewhere, then the listeners close. A second call does not wait. */
  readonly drain: () => Promise<void>
}

const HEALTH_MILLISECONDS = 250

/** Puts all parts together and listens; resolves once requests can be judged. Throws when an address is taken. */
export const serve = async ({ path, config, environment, log, now }: ServeOptions): Promise<Served> => {
  const metrics = createMetrics(now)
  let current = config
  const observer = createObserver(log, metrics, () => current.file.log.decisions === 'all')
  let gate: Gate | undefined
  let isDraining = false
  const isServing = (): boolean => !isDraining && gate !== undefined && gate.canJudge()
  const readiness = () => ({
    ready: isServing(),
    problems: [...(isDraining ? ['draining'] : []), ...(gate ? gate.problems() : ['starting'])],
  })
  metrics.watch({ keys: () => gate?.keys().size() ?? 0, issuers: () => gate?.issuers() ?? [], isServing })
  const ops = await listenOps(config.file.listen.ops, metrics.registry, readiness)
  const grpc = await listenGrpc(config.file.listen, {
    // Closed by default: whoever asks before there is a policy gets an outage.
    check: async (request) => (gate ? gate.check(request) : failed('starting')),
    outage: () => current.file.outage,
    observer,
  })
  log.info({ grpc: grpc.address, ops: ops.address }, 'listening')
  const opened = await createGate(config, now, observer)
  gate = opened
  let wasServing: boolean | undefined
  const tellHealth = (): void => {
    if (isServing() === wasServing) return
    wasServing = isServing()
    grpc.setServing(wasServing)
    log.info({ ...readiness() }, wasServing ? 'SERVING' : 'NOT_SERVING')
  }
  tellHealth()
  const health = setInterval(tellHealth, HEALTH_MILLISECONDS)

  const stopWatching = watchConfig(path, config, environment, async (loaded) => {
    if (loaded.kind === 'refused') {
      observer.reloaded(
        'config',
        path,
        loaded.problems.map((problem) => toProblemText(path, problem)),
      )
      return
    }
    await opened.reload(loaded.config)
    if (JSON.stringify(loaded.config.file.listen) !== JSON.stringify(config.file.listen)) {
      log.warn('listen has changed: that takes effect at the next start')
    }
    current = loaded.config
    log.level = current.file.log.level
    observer.reloaded('config', path, [])
  })

  const close = async (delay: number, timeout: number): Promise<void> => {
    isDraining = true
    tellHealth()
    await sleep(delay)
    clearInterval(health)
    stopWatching()
    await grpc.close(timeout)
    await ops.close()
    opened.close()
  }
  return {
    grpc: grpc.address,
    ops: ops.address,
    drain: () => (isDraining ? grpc.close(0) : close(current.file.drain.delay, current.file.drain.timeout)),
  }
}
