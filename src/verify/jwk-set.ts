import type { KeyObject } from 'node:crypto'
import { within } from '../lookup/within.ts'
import type { Observer } from '../ops/observer.ts'
import { findSigningKey, type SigningKey } from './signing-key.ts'
import { toUsableKeys } from './usable-keys.ts'

/** What a look for a signing key found. */
export type KeyLookup =
  | { readonly kind: 'found'; readonly key: KeyObject }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'unavailable' }

/** An issuer's JWK Set, kept fresh off the request path. */
export interface JwkSet {
  readonly find: (algorithm: string, kid: string | undefined, deadline: number | undefined) => Promise<KeyLookup>
  /** Changes whenever the keys do; undefined while there are none that may be used. */
  readonly version: () => number | undefined
  readonly status: () => JwkSetStatus
  /** Fetches now, or joins the fetch that is under way. It never rejects. */
  readonly refresh: () => Promise<void>
  readonly close: () => void
}

export interface JwkSetStatus {
  readonly keys: number
  /** When the set was last read well, in milliseconds since the epoch. */
  readonly loadedAt: number | undefined
  readonly failures: number
  /** Why the last fetch failed; undefined when it did not. */
  readonly problem: string | undefined
}

export interface JwkSetOptions {
  readonly issuer: string
  /** The text of the set; it throws when there is none to be had. `isAwaited`: a request waits for it. */
  readonly load: (isAwaited: boolean) => Promise<string>
  /** Milliseconds. */
  readonly refreshInterval: number
  readonly maxStale: number
  /** Milliseconds since the epoch: what deadlines and the status speak of. */
  readonly now: () => number
  /** Milliseconds of a clock that nobody sets: what waits and ages are measured with. */
  readonly elapsed: () => number
  readonly observer: Observer
}

/** RFC 7517 §4.5: a kid that was never seen may cause one fetch in this time, so that made-up kids cannot cause more. */
const COOLDOWN_MILLISECONDS = 30_000
/** How long a request may wait for that fetch; its deadline may be sooner. */
const WAIT_MILLISECONDS = 400
const MARGIN_MILLISECONDS = 20
const FIRST_RETRY_MILLISECONDS = 1_000
const LAST_RETRY_MILLISECONDS = 30_000

/** Starts the first fetch. The last good set is used until it is older than `maxStale`. */
export const createJwkSet = (options: JwkSetOptions): JwkSet => {
  const { issuer, load, refreshInterval, maxStale, now, elapsed, observer } = options
  let keys: readonly SigningKey[] = []
  let text: string | undefined
  let status: JwkSetStatus = { keys: 0, loadedAt: undefined, failures: 0, problem: 'not fetched yet' }
  let version = 0
  let fetching: Promise<void> | undefined
  let fetches = 0
  let accepted = 0
  let loaded = Number.NEGATIVE_INFINITY
  let askedForUnknown = Number.NEGATIVE_INFINITY
  let retry = FIRST_RETRY_MILLISECONDS
  let timer: NodeJS.Timeout | undefined
  let closed = false

  const accept = (next: string): void => {
    if (next !== text) {
      const usable = toUsableKeys(next)
      if (usable.kind === 'none') throw new Error(usable.reason)
      keys = usable.keys
      text = next
      version += 1
      status = { ...status, keys: keys.length }
      observer.reloaded('jwk_set', issuer, usable.refused)
    } else if (status.problem !== undefined) observer.reloaded('jwk_set', issuer, [])
    status = { ...status, loadedAt: now(), problem: undefined }
    loaded = elapsed()
    retry = FIRST_RETRY_MILLISECONDS
  }
  const fetchOnce = async (isAwaited: boolean): Promise<void> => {
    fetches += 1
    const turn = fetches
    try {
      const next = await load(isAwaited)
      // Two may be under way: the later one knows better.
      if (turn > accepted) accept(next)
      accepted = Math.max(turn, accepted)
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error)
      if (problem !== status.problem) observer.reloaded('jwk_set', issuer, [problem])
      status = { ...status, failures: status.failures + 1, problem }
    }
    fetching = undefined
    schedule(status.problem === undefined ? refreshInterval : retry)
    if (status.problem !== undefined) retry = Math.min(retry * 2, LAST_RETRY_MILLISECONDS)
  }
  const refresh = (): Promise<void> => {
    fetching ??= fetchOnce(false)
    return fetching
  }
  const schedule = (delay: number): void => {
    clearTimeout(timer)
    if (closed) return
    // A thousand issuers that were opened together are not asked together for ever.
    const spread = 0.9 + Math.random() * 0.1
    timer = setTimeout(() => void refresh(), Math.min(delay, refreshInterval) * spread)
    timer.unref()
  }
  const isUsable = (): boolean => elapsed() - loaded <= maxStale

  /** Claims the cooldown before it fetches; a fetch that outlasts the wait goes on for those who come later. */
  const startFetch = (): Promise<void> | undefined => {
    if (elapsed() - askedForUnknown >= COOLDOWN_MILLISECONDS) {
      askedForUnknown = elapsed()
      // One that is under way may be waiting for its turn.
      fetching = fetchOnce(true)
    }
    return fetching
  }

  void refresh()
  return {
    find: async (algorithm, kid, deadline = Number.POSITIVE_INFINITY) => {
      if (!isUsable()) return UNAVAILABLE
      const known = findSigningKey(keys, algorithm, kid)
      if (known) return { kind: 'found', key: known }
      // Without kid nothing names a key that a fetch could bring.
      if (kid === undefined) return UNKNOWN
      const fetch = startFetch()
      const patience = Math.min(WAIT_MILLISECONDS, deadline - now() - MARGIN_MILLISECONDS)
      const isOver = !fetch || (await within(toTrue(fetch), patience))
      const key = findSigningKey(keys, algorithm, kid)
      if (key) return { kind: 'found', key }
      return isOver && status.problem === undefined ? UNKNOWN : UNAVAILABLE
    },
    version: () => (isUsable() ? version : undefined),
    status: () => status,
    refresh,
    close: () => {
      closed = true
      clearTimeout(timer)
    },
  }
}

const UNKNOWN: KeyLookup = { kind: 'unknown' }
const UNAVAILABLE: KeyLookup = { kind: 'unavailable' }

const toTrue = (work: Promise<void>): Promise<true> => work.then(() => true)
