import { Gauge, type Registry } from 'prom-client'
import type { ExpiringKey } from './expiring-key.ts'

/** What the gauges are read from, each time they are asked for. */
export interface GaugeSources {
  readonly keys: () => number
  readonly expiring: () => readonly ExpiringKey[]
  /** In milliseconds; undefined before the keys were read once. */
  readonly keyAges: () => readonly { readonly source: string; readonly age: number | undefined }[]
  readonly jwkSets: () => readonly JwkSetState[]
  readonly isServing: () => boolean
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

interface JwkSetState {
  readonly issuer: string
  readonly keys: number
  /** Milliseconds since the epoch. */
  readonly loadedAt: number | undefined
  readonly failures: number
}

/** Adds what is measured rather than counted. */
export const registerGauges = (
  registry: Registry,
  { keys, expiring, keyAges, jwkSets, isServing, now }: GaugeSources,
): void => {
  // Workers know the same: put together, the worst of them counts.
  const single = (name: string, help: string, toValue: () => number): void => {
    new Gauge({
      name,
      help,
      aggregator: 'min',
      registers: [registry],
      collect() {
        this.set(toValue())
      },
    })
  }
  const perIssuer = (name: string, help: string, toValue: (state: JwkSetState) => number): void => {
    new Gauge({
      name,
      help,
      aggregator: 'max',
      labelNames: ['issuer'],
      registers: [registry],
      collect() {
        // An issuer that is no longer configured leaves.
        this.reset()
        for (const state of jwkSets()) this.set({ issuer: state.issuer }, toValue(state))
      },
    })
  }

  new Gauge({
    name: 'bearergate_key_expires_seconds',
    help: 'Time until a key expires, of the 100 that expire next.',
    aggregator: 'min',
    labelNames: ['key'],
    registers: [registry],
    collect() {
      this.reset()
      for (const { id, expires } of expiring()) this.set({ key: id }, (expires - now()) / 1000)
    },
  })
  single('bearergate_keys', 'API keys loaded.', keys)
  new Gauge({
    name: 'bearergate_keys_age_seconds',
    help: 'Time since the keys of a source that can be away were last known to be as they are there.',
    aggregator: 'max',
    labelNames: ['source'],
    registers: [registry],
    collect() {
      this.reset()
      for (const { source, age } of keyAges()) this.set({ source }, (age ?? Number.POSITIVE_INFINITY) / 1000)
    },
  })
  single('bearergate_serving', '1 while grpc.health.v1 says SERVING.', () => (isServing() ? 1 : 0))
  perIssuer('bearergate_jwk_set_keys', 'Usable keys in the JWK Set.', (state) => state.keys)
  perIssuer('bearergate_jwk_set_age_seconds', 'Time since the JWK Set was last read well.', ({ loadedAt }) =>
    loadedAt === undefined ? Number.POSITIVE_INFINITY : (now() - loadedAt) / 1000,
  )
  perIssuer(
    'bearergate_jwk_set_failures',
    'Fetches of the JWK Set that failed since the issuer was configured.',
    (state) => state.failures,
  )
}
