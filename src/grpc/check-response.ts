import { status as Code } from '@grpc/grpc-js'
import { toLine, toProblem } from '../core/problem.ts'
import type { Denied, Failed, Ok, Verdict } from '../core/verdict.ts'
import type { CheckResponse } from './generated/envoy/service/auth/v3/CheckResponse.ts'
import type { DeniedHttpResponse } from './generated/envoy/service/auth/v3/DeniedHttpResponse.ts'
import type { HeaderValueOption } from './generated/envoy/service/auth/v3/HeaderValueOption.ts'
import type { Struct } from './generated/google/protobuf/Struct.ts'

/** How answers are written. */
export interface ResponseStyle {
  /** The caller speaks gRPC: Envoy sends it the body as `grpc-message`, so that must be one plain line. */
  readonly isGrpc: boolean
  /** Whether an outage is a denial with 503, or Envoy's to decide about (`error_response`). */
  readonly outage: 'denied' | 'error'
}

/**
 * Envoy lets a request through when, and only when, `status.code` is 0, whatever else is set. It is derived here, once,
 * from the verdict's kind.
 */
export const toCheckResponse = (verdict: Verdict, style: ResponseStyle): CheckResponse => {
  const dynamic_metadata = toMetadata(verdict)
  switch (verdict.kind) {
    case 'ok':
      return { status: { code: Code.OK }, ok_response: toOkResponse(verdict), dynamic_metadata }
    case 'denied': {
      const status = { code: CODES[verdict.status], message: verdict.reason }
      return { status, denied_response: toDeniedResponse(verdict, style), dynamic_metadata }
    }
    case 'error': {
      const status = { code: Code.UNAVAILABLE, message: verdict.reason }
      const response = toDeniedResponse(verdict, style)
      return style.outage === 'error'
        ? { status, error_response: response, dynamic_metadata }
        : { status, denied_response: response, dynamic_metadata }
    }
  }
}

const CODES: Record<Denied['status'], number> = {
  400: Code.INVALID_ARGUMENT,
  401: Code.UNAUTHENTICATED,
  403: Code.PERMISSION_DENIED,
}

const toOkResponse = ({ headers }: Ok) => ({
  headers: headers.set.map(([key, value]) => overwrite(key, value)),
  headers_to_remove: [...headers.remove],
})

const toDeniedResponse = (verdict: Denied | Failed, { isGrpc }: ResponseStyle): DeniedHttpResponse => {
  const problem = toProblem(verdict)
  const challenge = verdict.kind === 'denied' ? verdict.challenge : undefined
  return {
    status: { code: verdict.status },
    headers: [
      ...(challenge === undefined ? [] : [overwrite('www-authenticate', challenge)]),
      overwrite('content-type', isGrpc ? 'text/plain' : 'application/problem+json'),
    ],
    body: isGrpc ? toLine(problem) : JSON.stringify(problem),
  }
}

/** envoy#43310: both fields say the same, since which of them counts depends on Envoy's version. */
const overwrite = (key: string, value: string): HeaderValueOption => ({
  header: { key, value },
  append: { value: false },
  append_action: OVERWRITE_IF_EXISTS_OR_ADD,
})

const OVERWRITE_IF_EXISTS_OR_ADD = 2

/** For Envoy's access log and rate limits, in the namespace `envoy.filters.http.ext_authz`. Never a credential. */
const toMetadata = (verdict: Verdict): Struct => {
  const principal = verdict.kind === 'error' ? undefined : verdict.principal
  const keyId = verdict.kind === 'denied' ? verdict.keyId : undefined
  const fields: Record<string, string | undefined> = {
    verdict: verdict.kind,
    reason: verdict.reason,
    route: verdict.route,
    kind: principal?.kind ?? 'none',
    subject: principal?.subject,
    issuer: principal?.kind === 'token' ? principal.issuer : undefined,
    key_id: principal?.kind === 'key' ? principal.keyId : keyId,
  }
  const set = Object.entries(fields).filter((entry): entry is [string, string] => entry[1] !== undefined)
  return { fields: Object.fromEntries(set.map(([name, stringValue]) => [name, { stringValue }])) }
}
