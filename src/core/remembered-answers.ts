import { memoizeRecent } from './memoize.ts'
import type { Verdict } from './verdict.ts'

/**
 * Writes the answers of late once. What lets one principal through on one route is one object while it is asked for, and
 * is written alike in every style; a refusal that names nobody is told by its route, reason, challenges and style, all of
 * them ours, so there are few.
 */
export const createRememberedAnswers = <S extends object, A extends object>(
  encode: (verdict: Verdict, style: S) => A,
  plain: S,
): ((verdict: Verdict, style: S) => A) => {
  const letThrough = memoizeRecent((verdict: Verdict) => encode(verdict, plain))
  const refusals = new Map<string, A>()
  return (verdict, style) => {
    if (verdict.kind === 'ok') return letThrough(verdict)
    if (verdict.kind === 'denied' && (verdict.principal || verdict.keyId !== undefined)) return encode(verdict, style)
    const challenges = verdict.kind === 'denied' ? verdict.challenges.join() : ''
    const name = `${verdict.route} ${verdict.reason} ${Object.values(style).join()} ${challenges}`
    const known = refusals.get(name)
    if (known) return known
    const answer = encode(verdict, style)
    refusals.set(name, answer)
    return answer
  }
}
