import { Counter, collectDefaultMetrics, Histogram, Registry } from 'prom-client'
import type { Verdict } from '../core/verdict.ts'
import { countChecks } from './count-checks.ts'
import { registerLastUse } from './last-use.ts'
import type { Reloadable, TurnedAway } from './observer.ts'

export interface Metrics {
  readonly registry: Registry
  readonly decided: (verdict: Verdict, milliseconds: number) => void
  readonly reloaded: (what: Reloadable, result: 'ok' | 'failed') => void
  readonly turnedAway: (reason: TurnedAway) => void
  readonly cached: (result: 'hit' | 'miss') => void
  readonly lookedUp: (source: string, result: string, milliseconds: number) => void
  readonly asked: (issuer: string, result: string, milliseconds: number) => void
  readonly fault: () => void
}

/** All metrics, named `bearergate_…`, with the process's own. Labels hold names from the configuration alone. */
export const createMetrics = (now: () => number): Metrics => {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const registers = [registry]
  const duration = new Histogram({
    name: 'bearergate_check_duration_seconds',
    help: 'Time from the decoded request to the answer.',
    buckets: [0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.1, 0.5],
    registers,
  })
  const reloads = new Counter({
    name: 'bearergate_reloads_total',
    help: 'Times that a changed configuration, key source, JWK Set or certificate was read, by result.',
    labelNames: ['what', 'result'],
    registers,
  })
  const turnedAway = new Counter({
    name: 'bearergate_turned_away_total',
    help: 'Requests over HTTP that found no door, or none for their address: nothing was judged.',
    labelNames: ['reason'],
    registers,
  })
  const lookups = new Counter({
    name: 'bearergate_token_cache_lookups_total',
    help: 'Access tokens looked up among those verified before, by result.',
    labelNames: ['result'],
    registers,
  })
  const questions = new Histogram({
    name: 'bearergate_token_question_duration_seconds',
    help: 'Time that an authorization server or a Kubernetes API took to answer about a token, by issuer and result.',
    labelNames: ['issuer', 'result'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  })
  const keyLookups = new Histogram({
    name: 'bearergate_key_lookup_duration_seconds',
    help: 'Time that checks waited for a key of a source that is asked key by key, by result.',
    labelNames: ['source', 'result'],
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1],
    registers,
  })
  const faults = new Counter({
    name: 'bearergate_faults_total',
    help: 'Exceptions that became error verdicts: each is a bug or a broken dependency.',
    registers,
  })

  const count = countChecks(registry)
  const used = registerLastUse(registry, now)

  return {
    registry,
    decided: (verdict, milliseconds) => {
      count(verdict)
      if (verdict.kind === 'ok' && verdict.principal?.kind === 'key') used(verdict.principal.keyId)
      duration.observe(milliseconds / 1000)
    },
    reloaded: (what, result) => reloads.inc({ what, result }),
    turnedAway: (reason) => turnedAway.inc({ reason }),
    cached: (result) => lookups.inc({ result }),
    asked: (issuer, result, milliseconds) => questions.observe({ issuer, result }, milliseconds / 1000),
    lookedUp: (source, result, milliseconds) => keyLookups.observe({ source, result }, milliseconds / 1000),
    fault: () => faults.inc(),
  }
}
