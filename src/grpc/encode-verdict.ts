import { memoizeRecent } from '../core/memoize.ts'
import { toLine, toProblem } from '../core/problem.ts'
import type { Denied, Failed, Ok, Verdict } from '../core/verdict.ts'
import { Code } from './code.ts'
import { type ByteText, fromByteText, toMessage, toNumber, toText } from './protobuf-writer.ts'

/** How answers are written. */
export interface AnswerStyle {
  /** The caller speaks gRPC: Envoy sends it the body as `grpc-message`, so that must be one plain line. */
  readonly isGrpc: boolean
  /** Whether an outage is a denial with 503, or Envoy's to decide about (`error_response`). */
  readonly outage: 'denied' | 'error'
}

/** Field numbers of `envoy.service.auth.v3`; proto/external_auth.proto names them all. */
const CheckResponse = { status: 1, denied: 2, ok: 3, dynamicMetadata: 4, error: 5 } as const
const RpcStatus = { code: 1, message: 2 } as const
const HttpStatus = { code: 1 } as const
const DeniedHttpResponse = { status: 1, headers: 2, body: 3 } as const
const OkHttpResponse = { headers: 2, headersToRemove: 5 } as const
const HeaderValueOption = { header: 1, append: 2, appendAction: 3 } as const
const HeaderValue = { key: 1, value: 2 } as const
const BoolValue = { value: 1 } as const
const Struct = { fields: 1 } as const
const MapEntry = { key: 1, value: 2 } as const
const Value = { stringValue: 3 } as const
const OVERWRITE_IF_EXISTS_OR_ADD = 2

/**
 * The CheckResponse of a verdict. Envoy lets a request through when, and only when, `status.code` is 0, whatever else is
 * set: it is derived here, once, from the verdict's kind.
 */
export const encodeVerdict = (verdict: Verdict, style: AnswerStyle): Buffer => {
  switch (verdict.kind) {
    case 'ok':
      return encode(Code.OK, verdict, toMessage(CheckResponse.ok, toOkResponse(verdict)))
    case 'denied':
      return encode(CODES[verdict.status], verdict, toMessage(CheckResponse.denied, toRefusal(verdict, style)))
    case 'error': {
      const arm = style.outage === 'error' ? CheckResponse.error : CheckResponse.denied
      return encode(Code.UNAVAILABLE, verdict, toMessage(arm, toRefusal(verdict, style)))
    }
  }
}

const CODES: Record<Denied['status'], number> = {
  400: Code.INVALID_ARGUMENT,
  401: Code.UNAUTHENTICATED,
  403: Code.PERMISSION_DENIED,
}

const encode = (code: number, verdict: Verdict, response: ByteText): Buffer =>
  fromByteText(
    toMessage(CheckResponse.status, toNumber(RpcStatus.code, code) + toText(RpcStatus.message, verdict.reason)) +
      response +
      toMessage(CheckResponse.dynamicMetadata, toMetadata(verdict)),
  )

const toOkResponse = ({ headers }: Ok): ByteText => {
  let text = ''
  for (const [key, value] of headers.set) text += toMessage(OkHttpResponse.headers, overwrite(key, value))
  for (const name of headers.remove) text += toRemoval(name)
  return text
}

const toRefusal = (verdict: Denied | Failed, { isGrpc }: AnswerStyle): ByteText => {
  const problem = toProblem(verdict)
  const challenges = verdict.kind === 'denied' ? verdict.challenges : []
  const headers = [
    ...challenges.map((challenge) => overwrite('www-authenticate', challenge)),
    overwrite('content-type', isGrpc ? 'text/plain' : 'application/problem+json'),
  ]
  return [
    toMessage(DeniedHttpResponse.status, toNumber(HttpStatus.code, verdict.status)),
    ...headers.map((header) => toMessage(DeniedHttpResponse.headers, header)),
    toText(DeniedHttpResponse.body, isGrpc ? toLine(problem) : JSON.stringify(problem)),
  ].join('')
}

/** envoy#43310: both `append` and `append_action`, since which of them counts depends on Envoy's version. */
const overwrite = (key: string, value: string): ByteText =>
  toMessage(HeaderValueOption.header, toText(HeaderValue.key, key) + toText(HeaderValue.value, value)) + OVERWRITE

const OVERWRITE =
  toMessage(HeaderValueOption.append, toNumber(BoolValue.value, 0)) +
  toNumber(HeaderValueOption.appendAction, OVERWRITE_IF_EXISTS_OR_ADD)

/** For Envoy's access log and rate limits, in the namespace `envoy.filters.http.ext_authz`. Never a credential. */
const toMetadata = (verdict: Verdict): ByteText => {
  const principal = verdict.kind === 'error' ? undefined : verdict.principal
  const keyId = verdict.kind === 'denied' ? verdict.keyId : undefined
  return (
    writeVerdict(verdict.kind) +
    writeReason(verdict.reason) +
    (verdict.route === undefined ? '' : writeRoute(verdict.route)) +
    writeKind(principal?.kind ?? 'none') +
    toEntry('subject', principal?.subject) +
    toEntry('issuer', principal?.kind === 'token' ? principal.issuer : undefined) +
    toEntry('key_id', principal?.kind === 'key' ? principal.keyId : keyId)
  )
}

const toEntry = (name: string, value: string | undefined): ByteText => {
  if (value === undefined) return ''
  const held = toMessage(MapEntry.value, toText(Value.stringValue, value))
  return toMessage(Struct.fields, toText(MapEntry.key, name) + held)
}

/** These have few values. */
const writeVerdict = memoizeRecent((value: string) => toEntry('verdict', value))
const writeReason = memoizeRecent((value: string) => toEntry('reason', value))
const writeRoute = memoizeRecent((value: string) => toEntry('route', value))
const writeKind = memoizeRecent((value: string) => toEntry('kind', value))
const toRemoval = memoizeRecent((name: string) => toText(OkHttpResponse.headersToRemove, name))
