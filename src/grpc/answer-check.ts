import type { ServerHttp2Stream } from 'node:http2'
import type { Check } from '../core/check.ts'
import { createRememberedAnswers } from '../core/remembered-answers.ts'
import { isGrpc, type RequestView } from '../core/request.ts'
import { failed, refused, type Verdict } from '../core/verdict.ts'
import type { Observer } from '../ops/observer.ts'
import { readMessage, sendMessage, toFrame } from './call.ts'
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
 * Answers Check calls; `timeout` is the call's `grpc-timeout`. Each ends with gRPC status OK: Envoy takes every other
 * status for an outage, which `failure_mode_allow` would let through. An exception becomes an error verdict and a fault.
 */
export const createAnswerCheck = ({
  check,
  reads,
  outage,
  observer,
  now,
}: AnswerOptions): ((stream: ServerHttp2Stream, timeout: string | undefined) => void) => {
  const encode = createRememberedAnswers(encodeFrame, PLAIN)
  const answer = async (stream: ServerHttp2Stream, message: Buffer, deadline: number | undefined): Promise<void> => {
    const start = performance.now()
    let request = NO_REQUEST
    let verdict: Verdict
    try {
      const view = decode(message, reads(), deadline)
      request = view ?? NO_REQUEST
      verdict = view ? await check(view) : refused('malformed_request')
      sendMessage(stream, encode(verdict, { isGrpc: isGrpc(request), outage: outage() }))
    } catch (error) {
      observer.fault(error)
      verdict = failed('internal_fault')
      sendMessage(stream, encode(verdict, { isGrpc: isGrpc(request), outage: outage() }))
    }
    observer.decided(request, verdict, performance.now() - start)
  }
  return (stream, timeout) => readMessage(stream, (message) => void answer(stream, message, toDeadline(timeout, now())))
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

const encodeFrame = (verdict: Verdict, style: AnswerStyle): Buffer => toFrame(encodeVerdict(verdict, style))

const NO_REQUEST: RequestView = { method: '', host: '', path: '', headers: new Map() }
