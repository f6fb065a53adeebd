import { Gauge, type Registry } from 'prom-client'

/** What the gauges are read from, each time they are asked for. */
export interface GaugeSources {
  readonly keys: () => number
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
export const registerGauges = (registry: Registry, { keys, jwkSets, isServing, now }: GaugeSources): void => {
  const single = (name: string, help: string, toValue: () => number): void => {
    new Gauge({
      name,
      help,
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
      labelNames: ['issuer'],
      registers: [registry],
      collect() {
        // An issuer that is no longer configured leaves.
        this.reset()
        for (const state of jwkSets()) this.set({ issuer: state.issuer }, toValue(state))
      },
    })
  }

  single('bearergate_keys', 'API keys loaded.', keys)
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
