import { readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import pLimit from 'p-limit'
import type { IssuerConfig } from '../config/schema.ts'
import type { Observer } from '../ops/observer.ts'
import { watchFolders } from '../watch-folders.ts'
import { type Cached, createCached } from './cached.ts'
import { discoverJwksUri } from './discovery.ts'
import { fetchText } from './fetch-text.ts'
import { createJwkSet, type JwkSet } from './jwk-set.ts'
import { createVerifyToken, type VerifyToken } from './verify-token.ts'

/** All that belongs to one configured issuer. */
export interface Issuer {
  readonly config: IssuerConfig
  readonly jwkSet: JwkSet
  readonly verify: VerifyToken
  readonly cached: Cached
  readonly close: () => void
}

export interface IssuerOptions {
  readonly cacheSize: number
  readonly now: () => number
  readonly observer: Observer
}

/** Opens an issuer; its JWK Set is fetched at once and kept fresh until it is closed. */
export const createIssuer = (config: IssuerConfig, { cacheSize, now, observer }: IssuerOptions): Issuer => {
  const { jwksFile } = config
  const jwkSet = createJwkSet({
    issuer: config.issuer,
    load: limited(createLoad(config)),
    refreshInterval: config.refresh,
    maxStale: config.maxStale,
    now,
    observer,
  })
  const stopWatching = jwksFile === undefined ? undefined : watchFolders([dirname(jwksFile)], jwkSet.refresh)
  return {
    config,
    jwkSet,
    verify: createVerifyToken(config, jwkSet, now),
    cached: createCached({ max: cacheSize, now, version: jwkSet.version, onLookup: observer.cached }),
    close: () => {
      stopWatching?.()
      jwkSet.close()
    },
  }
}

/** So many issuers are asked at a time: one that hangs holds up no other, and a thousand of them no socket. */
const limit = pLimit(16)

const limited = (load: () => Promise<string>) => (): Promise<string> => limit(load)

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
