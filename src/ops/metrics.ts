import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { Verdict } from '../core/verdict.ts'
import type { Issuer } from '../verify/issuer.ts'
import type { Reloadable } from './observer.ts'

/** What the gauges are read from, each time they are asked for. */
export interface MetricSources {
  readonly keys: () => number
  readonly issuers: () => Iterable<Issuer>
  readonly isServing: () => boolean
}

export interface Metrics {
  readonly registry: Registry
  readonly decided: (verdict: Verdict, milliseconds: number) => void
  readonly reloaded: (what: Reloadable, result: 'ok' | 'failed') => void
  readonly cached: (result: 'hit' | 'miss') => void
  readonly fault: () => void
  readonly watch: (sources: MetricSources) => void
}

/** All metrics, named `bearergate_…`, with the process's own. Labels hold names from the configuration alone. */
export const createMetrics = (now: () => number): Metrics => {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const registers = [registry]
  const checks = new Counter({
    name: 'bearergate_checks_total',
    help: 'Checks by route, verdict and reason.',
    labelNames: ['route', 'verdict', 'reason'],
    registers,
  })
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
  const lookups = new Counter({
    name: 'bearergate_token_cache_lookups_total',
    help: 'Access tokens looked up among those verified before, by result.',
    labelNames: ['result'],
    registers,
  })
  const faults = new Counter({
    name: 'bearergate_faults_total',
    help: 'Exceptions that became error verdicts: each is a bug or a broken dependency.',
    registers,
  })

  const watch = ({ keys, issuers, isServing }: MetricSources): void => {
    gauge('bearergate_keys', 'API keys loaded.', (set) => set({}, keys()))
    gauge('bearergate_serving', '1 while grpc.health.v1 says SERVING.', (set) => set({}, isServing() ? 1 : 0))
    gauge(
      'bearergate_jwk_set_keys',
      'Usable keys in the JWK Set.',
      (set) => {
        for (const { config, jwkSet } of issuers()) set({ issuer: config.issuer }, jwkSet.status().keys)
      },
      ['issuer'],
    )
    gauge(
      'bearergate_jwk_set_age_seconds',
      'Time since the JWK Set was last read well.',
      (set) => {
        for (const { config, jwkSet } of issuers()) {
          const { loadedAt } = jwkSet.status()
          set({ issuer: config.issuer }, loadedAt === undefined ? Number.POSITIVE_INFINITY : (now() - loadedAt) / 1000)
        }
      },
      ['issuer'],
    )
    gauge(
      'bearergate_jwk_set_failures',
      'Fetches of the JWK Set that failed since the issuer was configured.',
      (set) => {
        for (const { config, jwkSet } of issuers()) set({ issuer: config.issuer }, jwkSet.status().failures)
      },
      ['issuer'],
    )
  }
  const gauge = (
    name: string,
    help: string,
    collect: (set: (labels: Record<string, string>, value: number) => void) => void,
    labelNames: readonly string[] = [],
  ): void => {
    new Gauge({
      name,
      help,
      labelNames: [...labelNames],
      registers,
      collect() {
        this.reset()
        collect((labels, value) => this.set(labels, value))
      },
    })
  }

  return {
    registry,
    decided: ({ route = '', kind, reason }, milliseconds) => {
      checks.inc({ route, verdict: kind, reason })
      duration.observe(milliseconds / 1000)
    },
    reloaded: (what, result) => reloads.inc({ what, result }),
    cached: (result) => lookups.inc({ result }),
    fault: () => faults.inc(),
    watch,
  }
}
