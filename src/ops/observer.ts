import type { Verification } from '../core/ports.ts'
import type { RequestView } from '../core/request.ts'
import type { Verdict } from '../core/verdict.ts'

/** What is read again while the gate runs. */
export type Reloadable = 'config' | 'keys' | 'jwk_set' | 'tls' | 'passwords'

/** Why a proxy, or whoever it was, got no verdict over HTTP. */
export type TurnedAway = 'no_door' | 'untrusted_peer'

/** What became of a look for a key. */
export type KeyLookupResult = 'remembered' | 'found' | 'unknown' | 'unavailable'

/** Who is told what happens; it logs and counts. It never throws. */
export interface Observer {
  /** Something was read anew. Problems are sentences without secrets; none means that all is well. */
  readonly reloaded: (what: Reloadable, name: string, problems: readonly string[]) => void
  /** A request got its verdict. */
  readonly decided: (request: RequestView, verdict: Verdict, milliseconds: number) => void
  /** Somebody came where there is no door, or no door for that address. Nothing was judged. */
  readonly turnedAway: (reason: TurnedAway, address: string | undefined) => void
  /** A verified token was found in the cache, or not. */
  readonly cached: (result: 'hit' | 'miss') => void
  /** Somebody who is asked about tokens cannot be asked, and why; undefined: all is well again. */
  readonly away: (issuer: string, problem: string | undefined) => void
  /** Somebody was asked about a token. */
  readonly asked: (issuer: string, answer: Verification['kind'], milliseconds: number) => void
  /** A key was looked up in a source that is asked key by key, or was remembered. */
  readonly lookedUp: (source: string, result: KeyLookupResult, milliseconds: number) => void
  /** A bug or a broken dependency: what was asked was answered as an outage. */
  readonly fault: (error: unknown) => void
}
