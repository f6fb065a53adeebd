import { readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import pLimit from 'p-limit'
import type { IssuerConfig } from '../config/schema.ts'
import type { Observer } from '../ops/observer.ts'
import { watchFolders } from '../watch-folders.ts'
import { discoverJwksUri } from './discovery.ts'
import { fetchText } from './fetch-text.ts'
import { createJwkSet, type JwkSet } from './jwk-set.ts'
import { createVerifyToken, type VerifyToken } from './verify-token.ts'

/** One configured issuer: its keys, and how its tokens are judged. */
export interface Issuer {
  readonly config: IssuerConfig
  readonly keys: IssuerKeys
  readonly verify: VerifyToken
}

/** Where an issuer's keys come from; they stay when another of its settings changes. */
export interface IssuerKeys {
  readonly source: string
  readonly jwkSet: JwkSet
  readonly close: () => void
}

export interface IssuerOptions {
  /** Milliseconds since the epoch, and of a clock that nobody sets. */
  readonly now: () => number
  readonly elapsed: () => number
  readonly observer: Observer
}

/**
 * Opens an issuer; its JWK Set is fetched at once and kept fresh until it is closed. The keys that were open `before` are
 * taken over where they come from the same place, so that an outage of the issuer does not turn a change into one.
 */
export const createIssuer = (config: IssuerConfig, options: IssuerOptions, before?: IssuerKeys): Issuer => {
  const { issuer, jwksUri, jwksFile, refresh, maxStale } = config
  const source = JSON.stringify([issuer, jwksUri, jwksFile, refresh, maxStale])
  const keys = before?.source === source ? before : openKeys(config, source, options)
  return { config, keys, verify: createVerifyToken(config, keys.jwkSet, options.now) }
}

const openKeys = (config: IssuerConfig, source: string, { now, elapsed, observer }: IssuerOptions): IssuerKeys => {
  const { jwksFile } = config
  const load = createLoad(config)
  const jwkSet = createJwkSet({
    issuer: config.issuer,
    // What a request waits for has no turn to wait for: there is at most one in 30 s.
    load: (isAwaited) => (isAwaited ? load() : inTurn(load)),
    refreshInterval: config.refresh,
    maxStale: config.maxStale,
    now,
    elapsed,
    observer,
  })
  const stopWatching = jwksFile === undefined ? undefined : watchFolders([dirname(jwksFile)], jwkSet.refresh)
  return {
    source,
    jwkSet,
    close: () => {
      stopWatching?.()
      jwkSet.close()
    },
  }
}

/** So many issuers are asked at a time: a thousand of them do not open a thousand sockets at once. */
const limit = pLimit(16)
/** One that has not answered by then is no longer counted, so that many that hang do not keep the others from their turn. */
const COUNTED_MILLISECONDS = 1_000

const inTurn = (load: () => Promise<string>): Promise<string> =>
  new Promise((resolve, reject) => {
    void limit(async () => {
      const loading = load()
      loading.then(resolve, reject)
      let timer: NodeJS.Timeout | undefined
      const patience = new Promise<unknown>((pass) => {
        timer = setTimeout(pass, COUNTED_MILLISECONDS)
      })
      await Promise.race([loading.catch(() => {}), patience])
      clearTimeout(timer)
    })
  })

const createLoad = ({ issuer, jwksUri, jwksFile }: IssuerConfig): (() => Promise<string>) => {
  if (jwksFile !== undefined) return () => readFile(jwksFile, 'utf8')
  if (jwksUri !== undefined) return () => fetchText(jwksUri)
  let discovered: string | undefined
  return async () => {
    const uri = discovered ?? (await discoverJwksUri(issuer))
    // An issuer that moved its keys says so in its metadata: after a failure that is asked again.
    discovered = undefined
    const text = await fetchText(uri)
    discovered = uri
    return text
  }
}
