import type { handleUnaryCall } from '@grpc/grpc-js'
import type { Check } from '../core/check.ts'
import { isGrpc, type RequestView } from '../core/request.ts'
import { failed, MALFORMED_REQUEST, type Verdict } from '../core/verdict.ts'
import type { Observer } from '../ops/observer.ts'
import { toRequestView } from './check-request.ts'
import { type ResponseStyle, toCheckResponse } from './check-response.ts'
import type { CheckRequest__Output } from './generated/envoy/service/auth/v3/CheckRequest.ts'
import type { CheckResponse } from './generated/envoy/service/auth/v3/CheckResponse.ts'

export interface AnswerOptions {
  readonly check: Check
  readonly outage: () => ResponseStyle['outage']
  readonly observer: Observer
}

/**
 * Answers Check calls. Each ends with gRPC status OK: Envoy takes every other status for an outage, which
 * `failure_mode_allow` would let through. An exception becomes an error verdict and a fault.
 */
export const createAnswerCheck =
  ({ check, outage, observer }: AnswerOptions): handleUnaryCall<CheckRequest__Output, CheckResponse> =>
  async (call, callback) => {
    const start = performance.now()
    let request = NO_REQUEST
    const decide = async (): Promise<Verdict> => {
      const view = toRequestView(call.request, toMilliseconds(call.getDeadline()))
      if (!view) return MALFORMED_REQUEST
      request = view
      return check(view)
    }
    const verdict = await decide().catch((error: unknown): Verdict => {
      observer.fault(error)
      return failed('internal_fault')
    })
    callback(null, toCheckResponse(verdict, { isGrpc: isGrpc(request), outage: outage() }))
    observer.decided(request, verdict, performance.now() - start)
  }

const NO_REQUEST: RequestView = { method: '', host: '', path: '', headers: new Map() }

const toMilliseconds = (deadline: Date | number): number =>
  typeof deadline === 'number' ? deadline : deadline.getTime()
