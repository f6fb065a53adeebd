import type { handleUnaryCall } from '@grpc/grpc-js'
import type { Check } from '../core/check.ts'
import { isGrpc, type RequestView } from '../core/request.ts'
import { failed, refused, type Verdict } from '../core/verdict.ts'
import type { Observer } from '../ops/observer.ts'
import { decodeCheck } from './decode-check.ts'
import type { AnswerStyle } from './encode-verdict.ts'
import { createRememberedAnswers } from './remembered-answers.ts'

export interface AnswerOptions {
  readonly check: Check
  readonly reads: () => ReadonlySet<string>
  readonly outage: () => AnswerStyle['outage']
  readonly observer: Observer
}

/**
 * Answers Check calls. Each ends with gRPC status OK: Envoy takes every other status for an outage, which
 * `failure_mode_allow` would let through. An exception becomes an error verdict and a fault.
 */
export const createAnswerCheck = ({
  check,
  reads,
  outage,
  observer,
}: AnswerOptions): handleUnaryCall<Buffer, Buffer> => {
  const encode = createRememberedAnswers()
  const write = (verdict: Verdict, request: RequestView): Buffer =>
    encode(verdict, { isGrpc: isGrpc(request), outage: outage() })
  return async (call, callback) => {
    const start = performance.now()
    let request = NO_REQUEST
    let verdict: Verdict
    let answer: Buffer
    try {
      const view = decodeCheck(call.request, reads(), toMilliseconds(call.getDeadline()))
      request = view ?? NO_REQUEST
      verdict = view ? await check(view) : refused('malformed_request')
      answer = write(verdict, request)
    } catch (error) {
      observer.fault(error)
      verdict = failed('internal_fault')
      answer = write(verdict, request)
    }
    callback(null, answer)
    observer.decided(request, verdict, performance.now() - start)
  }
}

const NO_REQUEST: RequestView = { method: '', host: '', path: '', headers: new Map() }

const toMilliseconds = (deadline: Date | number): number =>
  typeof deadline === 'number' ? deadline : deadline.getTime()
