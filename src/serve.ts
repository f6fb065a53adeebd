import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import type { Logger } from 'pino'
import type { Config, Loaded } from './config/load.ts'
import { toResourceDocuments } from './config/resource-documents.ts'
import type { ConfigFile } from './config/schema.ts'
import { watchConfig } from './config/watch-config.ts'
import { toWorkerListen } from './config/worker-address.ts'
import { createConfigAdopter } from './config-adopter.ts'
import { createGate } from './gate.ts'
import { listenGrpc } from './grpc/listen.ts'
import { type FindDoor, openDoors } from './http/door.ts'
import { listenHttp } from './http/listen.ts'
import { createObserver } from './ops/create-observer.ts'
import { registerGauges } from './ops/gauges.ts'
import type { OpenOps } from './ops/listen.ts'
import { createMetrics } from './ops/metrics.ts'
import { warnOfExpiry } from './ops/warn-of-expiry.ts'

export interface ServeOptions {
  readonly path: string
  /** The configuration to start with, and what it was read from. */
  readonly loaded: Loaded & { readonly kind: 'loaded' }
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Which of the workers this is: each has addresses of its own. The first is 0. */
  readonly worker: number
  readonly log: Logger
  readonly openOps: OpenOps
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

/** A running gate. */
export interface Served {
  /** Where Envoy asks, with the port that was bound. */
  readonly grpc: string
  /** Where proxies ask over HTTP, if they do. */
  readonly http: string | undefined
  readonly ops: string
  /** NOT_SERVING, a wait for Envoy to look elsewhere, then the listeners close. A second call does not wait. */
  readonly drain: () => Promise<void>
}

const HEALTH_MILLISECONDS = 250

/**
 * Puts all parts together and listens; resolves once requests are judged, while SERVING is said when the issuers have
 * settled. Throws when an address is taken or the TLS files are bad.
 */
export const serve = async ({
  path,
  loaded: first,
  environment,
  log,
  worker,
  openOps,
  now,
}: ServeOptions): Promise<Served> => {
  const metrics = createMetrics(now)
  const { config } = first
  let current = config
  const observer = createObserver(log, metrics, () => current.file.log.decisions === 'all')
  const gate = await createGate(config, now, observer)
  const adopter = createConfigAdopter(path, gate.reload, observer)
  let isSettled = false
  let isDraining = false
  const isServing = (): boolean => isSettled && !isDraining && gate.canJudge()
  const readiness = () => ({
    ready: isServing(),
    problems: [...(isDraining ? ['draining'] : []), ...adopter.problems(), ...gate.problems()],
  })
  const expiring = () => gate.keys().expiring(now())
  registerGauges(metrics.registry, {
    keys: () => gate.keys().size(),
    expiring,
    keyAges: () => gate.keys().ages(),
    jwkSets: gate.jwkSets,
    isServing,
    now,
  })
  const documents = () => toResourceDocuments(current.file)
  const ops = await openOps({ registry: metrics.registry, readiness, documents })
  const outage = () => current.file.outage
  const addresses = toWorkerListen(config.file.listen, worker)
  const grpc = await listenGrpc(addresses, { check: gate.check, reads: gate.reads, outage, observer, now })
  const { http: httpAddress = '', tls } = addresses
  const open = ({ doors }: ConfigFile) => openDoors(doors, httpAddress.startsWith('unix:'))
  let doors = open(config.file)
  const findDoor: FindDoor = (target) => doors(target)
  const { check, credentialHeaders, takenHeaders } = gate
  const listen = () => listenHttp(httpAddress, tls, { check, findDoor, credentialHeaders, takenHeaders, observer, now })
  const http = httpAddress === '' ? undefined : await listen()
  log.info({ grpc: grpc.address, http: http?.address, ops: ops.address }, 'listening')
  let wasServing: boolean | undefined
  const tellHealth = (): void => {
    if (isServing() === wasServing) return
    wasServing = isServing()
    grpc.setServing(wasServing)
    log.info({ ...readiness() }, wasServing ? 'SERVING' : 'NOT_SERVING')
  }
  void gate.settled.then(() => {
    isSettled = true
    tellHealth()
  })
  const health = setInterval(tellHealth, HEALTH_MILLISECONDS)

  const stopWarning = warnOfExpiry({ expiring, ahead: () => current.file.log.expiryWarning, now, log })
  const stopWatching = watchConfig(path, first, environment, async (loaded) => {
    const isAdopted = await adopter.adopt(loaded)
    if (loaded.kind === 'refused' || !isAdopted) return
    if (!isDeepStrictEqual(toFixed(loaded.config), toFixed(config))) {
      log.warn('listen or workers have changed: that takes effect at the next start')
    }
    current = loaded.config
    doors = open(current.file)
    log.level = current.file.log.level
  })

  const closeListeners = async (timeout: number): Promise<void> => {
    await Promise.all([grpc.close(timeout), http?.close(timeout)])
  }
  const close = async (delay: number, timeout: number): Promise<void> => {
    isDraining = true
    tellHealth()
    await sleep(delay)
    clearInterval(health)
    stopWarning()
    stopWatching()
    await closeListeners(timeout)
    await ops.close()
    gate.close()
  }
  return {
    grpc: grpc.address,
    http: http?.address,
    ops: ops.address,
    drain: () => (isDraining ? closeListeners(0) : close(current.file.drain.delay, current.file.drain.timeout)),
  }
}

/** What a running gate cannot change. */
const toFixed = ({ file: { listen, workers } }: Config) => ({ listen, workers })
