import { parseChallenge } from './challenge.ts'
import type { ClientRequest } from './client-request.ts'
import { type Answer, type HeaderOption, isOk, toUpstreamLines } from './envoy.ts'
import { toProblem, toRefusal, toValues } from './refusal.ts'

/** What an answer is measured by, beside its row. */
export interface Terms {
  /** The identity headers of the policy. */
  readonly identity: readonly string[]
  /** With `outage: error` a 503 is an `error_response`. */
  readonly outageIsError: boolean
  /** Texts that no part of an answer may contain. */
  readonly secrets: readonly string[]
}

/** Complaints about what must hold for every answer, whatever its row says. */
export const judgeEveryAnswer = (request: ClientRequest, answer: Answer, terms: Terms): string[] => [
  ...(isOk(answer) ? judgeOk(request, answer, terms.identity) : judgeRefusal(request, answer, terms.outageIsError)),
  ...judgeSecrecy(answer, terms.secrets),
]

const judgeOk = (request: ClientRequest, answer: Answer, identity: readonly string[]): string[] => {
  const { ok_response } = answer
  if (!ok_response) return ['status.code is 0 without an ok_response: Envoy lets the request through']
  const options = ok_response.headers ?? []
  const set = options.map(({ header }) => header?.key ?? '')
  const removed = ok_response.headers_to_remove ?? []
  return [
    ...[...options, ...(ok_response.response_headers_to_add ?? [])].flatMap((option) => [
      ...judgeHeader(option),
      ...judgeOverwriting(option),
    ]),
    ...removed.flatMap(judgeName),
    ...complain(set, (name) => set.indexOf(name) !== set.lastIndexOf(name), 'is set twice'),
    ...complain(set, (name) => removed.includes(name), 'is both set and removed'),
    ...complain(identity, (name) => !set.includes(name) && !removed.includes(name), 'is neither set nor removed'),
    ...judgeForgery(request, answer, identity),
  ]
}

/** No spelling of an identity header that came from the client reaches the upstream. */
const judgeForgery = (request: ClientRequest, answer: Answer, identity: readonly string[]): string[] => {
  const set = new Map(answer.ok_response?.headers?.map(({ header }) => [header?.key, header?.value]))
  return toUpstreamLines(request, answer)
    .filter(([name]) => identity.includes(name.replaceAll(/[_.]/g, '-')))
    .filter(([name, value]) => set.get(name) !== value.toString())
    .map(([name, value]) => `the upstream sees the client's own ${name}: ${value}`)
}

const judgeRefusal = (request: ClientRequest, answer: Answer, outageIsError: boolean): string[] => {
  const refusal = toRefusal(answer)
  if (!refusal || answer.ok_response) return ['status.code is not 0, and there is no refusal beside it']
  const { kind, status, headers, body } = refusal
  const expected = status === 503 && outageIsError ? 'error_response' : 'denied_response'
  const challenges = toValues(refusal, 'www-authenticate')
  const problem = toProblem(refusal)
  return [
    ...when(kind !== expected, `the refusal is the ${kind}, not the ${expected}`),
    ...when(status < 400 || status > 599, `the HTTP status ${status} is no refusal`),
    ...headers.flatMap(judgeHeader),
    ...when(status === 401 && challenges.length === 0, 'a 401 has no challenge'),
    ...complain(challenges, (value) => !parseChallenge(value)?.parameters.size, 'is no challenge with parameters'),
    ...when(
      new Set(challenges.map((value) => parseChallenge(value)?.scheme)).size < challenges.length,
      'a scheme stands twice',
    ),
    ...(isGrpc(request)
      ? when(!/^[ -z|}~]{1,200}$/.test(body), 'the body for a gRPC caller is not one short plain line')
      : when(problem?.['status'] !== status, 'the body is no problem document with the HTTP status')),
  ]
}

/** Envoy sends the body to a gRPC caller as `grpc-message`. It takes no gRPC-Web caller for one. */
const isGrpc = ({ lines }: ClientRequest): boolean =>
  lines.some(([name, value]) => /^content-type$/i.test(name) && /^application\/grpc(?:$|\+|;)/i.test(value.toString()))

/** Envoy applies such names without question; each of them would break or redirect the request. */
const FORBIDDEN = /^(?::.*|host|content-length|connection|transfer-encoding|te|upgrade|trailer)$/

const judgeName = (name: string): string[] => [
  ...when(!/^[a-z0-9!#$%&'*+.^_`|~-]+$/.test(name), `${JSON.stringify(name)} is no header name in lower case`),
  ...when(FORBIDDEN.test(name), `${name} is not ours to change`),
]

const judgeHeader = ({ header }: HeaderOption): string[] => [
  ...judgeName(header?.key ?? ''),
  ...when(!/^[!-~]+(?: +[!-~]+)*$/.test(header?.value ?? ''), `the value of ${header?.key} is not visible ASCII`),
  ...when((header?.raw_value?.length ?? 0) > 0, `${header?.key} has a raw_value, which Envoy ignores`),
]

/** Envoy 1.37 obeys `append_action`, all others `append`: a client's own value stays unless both say overwrite. */
const judgeOverwriting = ({ header, append, append_action }: HeaderOption): string[] =>
  when(!append || append.value === true || append_action !== 2, `${header?.key} does not overwrite on every Envoy`)

const judgeSecrecy = (answer: Answer, secrets: readonly string[]): string[] => {
  const text = JSON.stringify(answer)
  return when(
    secrets.some((secret) => text.includes(secret)),
    'the answer contains a secret or a part of a token',
  )
}

const complain = (names: readonly string[], isBad: (name: string) => boolean, what: string): string[] =>
  names.filter(isBad).map((name) => `${name} ${what}`)

const when = (bad: boolean, complaint: string): string[] => (bad ? [complaint] : [])
