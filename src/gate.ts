import type { Config } from './config/load.ts'
import type { IssuerConfig } from './config/schema.ts'
import { type Check, createCheck } from './core/check.ts'
import type { Observer } from './ops/observer.ts'
import { createKeyStore, type KeyStore } from './sources/key-store.ts'
import { createIssuer, type Issuer } from './verify/issuer.ts'
import type { JwkSetStatus } from './verify/jwk-set.ts'
import { createVerify } from './verify/verify.ts'

/** The decision with all that it needs, always as the newest good configuration says. */
export interface Gate {
  readonly check: Check
  readonly keys: () => KeyStore
  readonly jwkSets: () => readonly (JwkSetStatus & { readonly issuer: string })[]
  /** False when there is nothing at all to verify a credential with, though a route asks for one. */
  readonly canJudge: () => boolean
  /** What is missing or broken now, in words for `/readyz`. */
  readonly problems: () => readonly string[]
  /** Resolves when each issuer's first fetch has ended, after 5 s at most. */
  readonly settled: Promise<void>
  /** Takes another configuration over, whole; sources and issuers that it did not touch go on as they are. */
  readonly reload: (config: Config) => Promise<void>
  readonly close: () => void
}

interface Parts {
  readonly config: Config
  readonly keys: KeyStore
  readonly issuers: ReadonlyMap<string, Issuer>
  readonly check: Check
}

/** How long a start or a reload waits for an issuer that does not answer, in milliseconds. */
const FIRST_FETCH_MILLISECONDS = 5_000

/** Opens the sources; resolves when the keys were read. Issuers go on fetching: until then their tokens are an outage. */
export const createGate = async (config: Config, now: () => number, observer: Observer): Promise<Gate> => {
  const open = async (next: Config, before?: Parts): Promise<Parts> => {
    const cacheSize = next.file.cache.tokens
    const isSameCache = before?.config.file.cache.tokens === cacheSize
    const openIssuer = (settings: IssuerConfig): Issuer => {
      const present = before?.issuers.get(settings.issuer)
      const isSame = isSameCache && JSON.stringify(present?.config) === JSON.stringify(settings)
      return present && isSame ? present : createIssuer(settings, { cacheSize, now, observer })
    }
    const issuers = new Map(next.file.issuers.map((settings) => [settings.issuer, openIssuer(settings)]))
    const keys = await createKeyStore(next.file.keys, observer, before?.keys)
    return { config: next, keys, issuers, check: createCheck(next.policy, createVerify({ keys, issuers, now })) }
  }

  let parts = await open(config)
  const jwkSets = () =>
    [...parts.issuers.values()].map(({ config: { issuer }, jwkSet }) => ({ issuer, ...jwkSet.status() }))
  return {
    check: (request) => parts.check(request),
    settled: settle(parts.issuers),
    keys: () => parts.keys,
    jwkSets,
    canJudge: () => {
      const isAsked = parts.config.policy.routes.list.some(({ rule }) => rule.kind === 'bearer')
      return (
        !isAsked ||
        parts.keys.isUsable() ||
        [...parts.issuers.values()].some(({ jwkSet }) => jwkSet.version() !== undefined)
      )
    },
    problems: () => [
      ...parts.keys.problems(),
      ...jwkSets().flatMap(({ issuer, problem }) => (problem === undefined ? [] : [`${issuer}: ${problem}`])),
    ],
    reload: async (next) => {
      const before = parts
      const opened = await open(next, before)
      await settle(opened.issuers)
      parts = opened
      for (const issuer of before.issuers.values()) {
        if (parts.issuers.get(issuer.config.issuer) !== issuer) issuer.close()
      }
      before.keys.close(parts.keys)
    },
    close: () => {
      parts.keys.close()
      for (const issuer of parts.issuers.values()) issuer.close()
    },
  }
}

/** Waits for the first fetch of each issuer that has none, so that its tokens are not refused for a moment. */
const settle = async (issuers: ReadonlyMap<string, Issuer>): Promise<void> => {
  const fresh = [...issuers.values()].filter(({ jwkSet }) => jwkSet.status().loadedAt === undefined)
  if (fresh.length === 0) return
  let timer: NodeJS.Timeout | undefined
  const patience = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, FIRST_FETCH_MILLISECONDS)
  })
  await Promise.race([Promise.all(fresh.map(({ jwkSet }) => jwkSet.refresh())), patience])
  clearTimeout(timer)
}
