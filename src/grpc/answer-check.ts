import type { Check } from '../core/check.ts'
import { createRememberedAnswers } from '../core/remembered-answers.ts'
import { isGrpc, type RequestView } from '../core/request.ts'
import { failed, refused, type Verdict } from '../core/verdict.ts'
import type { Answer } from '../http2/answer.ts'
import type { Stream } from '../http2/stream.ts'
import type { Observer } from '../ops/observer.ts'
import { readMessage, toMessageAnswer } from './call.ts'
import { toDeadline } from './deadline.ts'
import { decodeCheck } from './decode-check.ts'
import { type AnswerStyle, encodeVerdict } from './encode-verdict.ts'

export interface AnswerOptions {
  readonly check: Check
  readonly reads: () => ReadonlySet<string>
  readonly outage: () => AnswerStyle['outage']
  readonly observer: Observer
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

/**
 * Answers Check calls. Each ends with gRPC status OK: Envoy takes every other status for an outage, which
 * `failure_mode_allow` would let through. An exception becomes an error verdict and a fault.
 */
export const createAnswerCheck = ({ check, reads, outage, observer, now }: AnswerOptions): ((call: Stream) => void) => {
  const encode = createRememberedAnswers(encodeAnswer, PLAIN)
  const answer = async (call: Stream, message: Buffer): Promise<void> => {
    const start = performance.now()
    let request = NO_REQUEST
    let verdict: Verdict
    try {
      const view = decode(message, reads(), toDeadline(call.head.timeout, now()))
      request = view ?? NO_REQUEST
      verdict = view ? await check(view) : refused('malformed_request')
      call.outflow.answer(call, encode(verdict, { isGrpc: isGrpc(request), outage: outage() }))
    } catch (error) {
      observer.fault(error)
      verdict = failed('internal_fault')
      call.outflow.answer(call, encode(verdict, { isGrpc: isGrpc(request), outage: outage() }))
    }
    observer.decided(request, verdict, performance.now() - start)
  }
  return (call) => {
    const message = readMessage(call)
    if (message) void answer(call, message)
  }
}

/** Bytes that are no message are the fault of whoever sent them: denied, as is a message without a request. */
const decode: typeof decodeCheck = (bytes, reads, deadline) => {
  try {
    return decodeCheck(bytes, reads, deadline)
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

const PLAIN: AnswerStyle = { isGrpc: false, outage: 'denied' }

const encodeAnswer = (verdict: Verdict, style: AnswerStyle): Answer => toMessageAnswer(encodeVerdict(verdict, style))

const NO_REQUEST: RequestView = { method: '', host: '', path: '', headers: new Map() }
