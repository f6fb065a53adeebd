import { memoizeRecent } from '../core/memoize.ts'
import type { Verdict } from '../core/verdict.ts'
import { toFrame } from './call.ts'
import { type AnswerStyle, encodeVerdict } from './encode-verdict.ts'

/**
 * Writes the answers of late once, framed. What lets one principal through on one route is one object while it is asked for; a
 * refusal that names nobody is told by its route, reason and challenges, all of them ours, so there are few.
 */
export const createRememberedAnswers = (): ((verdict: Verdict, style: AnswerStyle) => Buffer) => {
  const letThrough = memoizeRecent((verdict: Verdict) => encode(verdict, { isGrpc: false, outage: 'denied' }))
  const refusals = new Map<string, Buffer>()
  return (verdict, style) => {
    if (verdict.kind === 'ok') return letThrough(verdict)
    if (verdict.kind === 'denied' && (verdict.principal || verdict.keyId !== undefined)) {
      return encode(verdict, style)
    }
    const told = verdict.kind === 'denied' ? verdict.challenges.join() : style.outage
    const name = `${verdict.route} ${verdict.reason} ${style.isGrpc} ${told}`
    const known = refusals.get(name)
    if (known) return known
    const answer = encode(verdict, style)
    refusals.set(name, answer)
    return answer
  }
}

const encode = (verdict: Verdict, style: AnswerStyle): Buffer => toFrame(encodeVerdict(verdict, style))
