import type { Outage, Verification } from '../core/ports.ts'
import { createFloodGuard } from '../lookup/flood-guard.ts'
import { createLookupCache, type Keep } from '../lookup/lookup-cache.ts'
import { within } from '../lookup/within.ts'
import type { Observer } from '../ops/observer.ts'
import type { Judged } from './judge-introspection.ts'
import type { ParsedJws } from './jws.ts'

/** Who is asked about tokens, one by one: an authorization server, or a Kubernetes API. */
export interface Authority {
  readonly issuer: string
  /** True for a token that it may have made. No other is shown to it. */
  readonly mayKnow: (jws: ParsedJws) => boolean
  /** What it said before, where that still counts. */
  readonly find: (digest: string) => Verification | undefined
  /** Answers before the deadline, in milliseconds since the epoch; an outage where there is no answer by then. */
  readonly ask: (token: string, digest: string, deadline: number | undefined) => Promise<Verification>
  readonly problems: () => readonly string[]
}

export interface AuthorityOptions {
  readonly issuer: string
  readonly mayKnow: Authority['mayKnow']
  /** Asks about one token. */
  readonly question: (token: string) => Promise<Judged>
  readonly outage: Outage
  /** Milliseconds. */
  readonly timeout: number
  readonly cacheFor: number
  /** How many tokens that were never good are asked about in a second. */
  readonly maxPerSecond: number
  /** How many answers are kept; 0 keeps none. */
  readonly max: number
  /** Milliseconds since the epoch: what deadlines and expiries speak of. */
  readonly now: () => number
  /** Milliseconds of a clock that nobody sets: what rates and ages are measured with. */
  readonly elapsed: () => number
  readonly observer: Observer
}

/** How long a token that is not good is not asked about again. */
const REJECTED_TTL_MILLISECONDS = 5_000
/** So much sooner than the deadline the answer is given. */
const MARGIN_MILLISECONDS = 20
/** How many questions may be open at a time, about tokens that were never good and about all. */
const UNKNOWN_AT_ONCE = 50
const AT_ONCE = 100

/**
 * RFC 7662 §4: answers are remembered by the token's digest, no longer than the token is good; all who show one token at
 * once cause one question; and made-up tokens cost whoever is asked a bounded rate. Beyond it, and while there is no
 * answer, tokens are an outage, never good and never bad.
 */
export const createAuthority = (options: AuthorityOptions): Authority => {
  const { issuer, question, timeout, cacheFor, maxPerSecond, max, now, elapsed, observer } = options
  const unavailable = { kind: 'unavailable', reason: options.outage } as const
  const flood = `unknown tokens come faster than ${maxPerSecond} a second: those beyond are not asked about, and get 503`
  let problem: string | undefined

  const tell = (next: string | undefined): void => {
    if (next !== problem) observer.away(issuer, next)
    problem = next
  }
  const guard = createFloodGuard({
    perSecond: maxPerSecond,
    atOnce: UNKNOWN_AT_ONCE,
    max: Math.max(max, 1),
    onFlood: () => observer.away(issuer, flood),
    now: elapsed,
  })
  const keep = (answer: Verification): Keep | undefined => {
    if (answer.kind === 'unavailable' || max === 0) return undefined
    if (answer.kind === 'rejected') return { kind: 'absent', ttl: REJECTED_TTL_MILLISECONDS }
    return { kind: 'present', ttl: Math.min(cacheFor, (answer.expiresAt ?? Number.POSITIVE_INFINITY) - now()) }
  }
  const cache = createLookupCache({ max: Math.max(max, 1), maxLoads: AT_ONCE, keep, now: elapsed })
  const find = (digest: string): Verification | undefined => {
    const answer = cache.find(digest)
    const isOver = answer?.kind === 'verified' && answer.expiresAt !== undefined && answer.expiresAt <= now()
    return isOver ? undefined : answer
  }

  const put = async (token: string, digest: string): Promise<Verification> => {
    const leave = guard.enter(digest)
    if (!leave) return unavailable
    let answer: Verification = unavailable
    const start = elapsed()
    try {
      const judged = await question(token)
      tell(judged.kind === 'failed' ? judged.problem : undefined)
      if (judged.kind !== 'failed') answer = judged
    } finally {
      leave(answer.kind === 'verified')
      observer.asked(issuer, answer.kind, elapsed() - start)
    }
    return answer
  }
  return {
    issuer,
    mayKnow: options.mayKnow,
    find,
    ask: async (token, digest, deadline = Number.POSITIVE_INFINITY) => {
      const known = find(digest)
      observer.cached(known ? 'hit' : 'miss')
      const patience = Math.min(timeout, deadline - now() - MARGIN_MILLISECONDS)
      return (
        known ??
        (await within(
          cache.load(digest, () => put(token, digest)),
          patience,
        )) ??
        unavailable
      )
    },
    problems: () =>
      [...(problem === undefined ? [] : [problem]), ...(guard.isFlooded() ? [flood] : [])].map(
        (text) => `${issuer}: ${text}`,
      ),
  }
}

/** Whoever says yes is believed; a no counts when all have answered. */
export const askAll = async (
  authorities: readonly Authority[],
  { token, digest, deadline }: { readonly token: string; readonly digest: string; readonly deadline?: number },
): Promise<Verification> => {
  const answers = await Promise.all(authorities.map(({ ask }) => ask(token, digest, deadline)))
  const find = (kind: Verification['kind']) => answers.find((answer) => answer.kind === kind)
  return find('verified') ?? find('unavailable') ?? answers[0] ?? UNKNOWN
}

const UNKNOWN: Verification = { kind: 'rejected', reason: 'inactive_token' }
