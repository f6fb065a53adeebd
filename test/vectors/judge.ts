import type { Demand, Expect } from './case-file.ts'
import { parseChallenge } from './challenge.ts'
import type { ClientRequest } from './client-request.ts'
import { type Answer, isOk, toUpstreamLines } from './envoy.ts'
import { judgeEveryAnswer, type Terms } from './every-answer.ts'
import type { Fill } from './placeholders.ts'
import { type Refusal, toProblem, toRefusal, toValues } from './refusal.ts'

/** One question and its answer. */
export interface Exchange {
  readonly request: ClientRequest
  readonly answer: Answer
  /** How long the answer took. */
  readonly millis: number
  /** The answer to the row that `sameAs` names. */
  readonly other?: Answer | undefined
}

/** Complaints about an answer, by its row and by what holds for every answer; none if all is well. */
export const judge = (expect: Expect, exchange: Exchange, terms: Terms, fill: Fill): string[] => [
  ...judgeEveryAnswer(exchange.request, exchange.answer, terms),
  ...('oneOf' in expect ? judgeAlternatives(expect.oneOf, exchange, fill) : judgeDemand(expect, exchange, fill)),
]

const judgeAlternatives = (demands: readonly Demand[], exchange: Exchange, fill: Fill): string[] => {
  const complaints = demands.map((demand) => judgeDemand(demand, exchange, fill))
  return complaints.some((list) => list.length === 0) ? [] : [`no alternative holds: ${JSON.stringify(complaints)}`]
}

const judgeDemand = (demand: Demand, exchange: Exchange, fill: Fill): string[] => {
  const { answer, millis, other } = exchange
  const refusal = toRefusal(answer)
  const status = isOk(answer) ? 'ok' : (refusal?.status ?? 0)
  const { maxMillis = Number.POSITIVE_INFINITY, mustNotAppear = [], sameAs } = demand
  const text = JSON.stringify({ ...answer, status: undefined, dynamic_metadata: undefined })
  return [
    ...when(![demand.status].flat().includes(status), `the status is ${status}, not ${demand.status}`),
    ...(refusal ? judgeRefusal(demand, refusal) : judgeUpstream(demand, exchange, fill)),
    ...mustNotAppear.filter((word) => text.includes(word)).map((word) => `the answer tells ${word}`),
    ...when(millis > maxMillis, `the answer took ${Math.round(millis)} ms`),
    ...when(
      sameAs !== undefined && (!other || toFace(answer) !== toFace(other)),
      `the answer is not that to ${sameAs}`,
    ),
  ]
}

const judgeRefusal = (demand: Demand, refusal: Refusal): string[] => {
  const { error, challenge = {}, challengeWithout = [], schemes, basicRealm, upstream, body } = demand
  const problem = toProblem(refusal)
  const challenges = toValues(refusal, 'www-authenticate').map((value) => parseChallenge(value))
  const find = (scheme: string) => challenges.find((other) => other?.scheme === scheme)?.parameters
  const parameters = find('Bearer')
  const shown = challenges.map((other) => other?.scheme).join(' ')
  const code = error === 'none' ? undefined : error
  return [
    ...when(error !== undefined && parameters?.get('error') !== code, `the challenge's error is not ${error}`),
    ...when(
      error !== undefined && problem !== undefined && problem['error'] !== code,
      `the body's error is not ${error}`,
    ),
    ...Object.entries(challenge)
      .filter(([name, value]) => parameters?.get(name) !== value)
      .map(([name, value]) => `the challenge's ${name} is ${parameters?.get(name)}, not ${value}`),
    ...when(
      schemes !== undefined && shown !== schemes.join(' '),
      `the schemes are ${shown}, not ${schemes?.join(' ')}`,
    ),
    ...when(
      basicRealm !== undefined &&
        (find('Basic')?.get('realm') !== basicRealm || find('Basic')?.get('charset') !== 'UTF-8'),
      `there is no challenge Basic with the realm ${basicRealm} and the charset UTF-8`,
    ),
    ...challengeWithout.filter((name) => parameters?.has(name)).map((name) => `the challenge has a parameter ${name}`),
    ...when(upstream !== undefined, 'the request was refused, so the upstream sees nothing'),
    ...when(body === 'problem' && !problem, 'the body is no problem document'),
    ...when(body === 'line' && !/^(?!\{)[ -~]{1,200}$/.test(refusal.body), 'the body is not one short plain line'),
  ]
}

const judgeUpstream = (demand: Demand, { request, answer }: Exchange, fill: Fill): string[] => {
  const {
    error,
    challenge,
    schemes,
    basicRealm,
    body,
    upstream = {},
    upstreamWithout = [],
    removed = [],
    notRemoved = [],
  } = demand
  const lines = toUpstreamLines(request, answer)
  const seen = (name: string) => lines.filter(([other]) => other === name).map(([, value]) => value.toString('latin1'))
  const gone = answer.ok_response?.headers_to_remove ?? []
  return [
    ...when(
      (error ?? challenge ?? schemes ?? basicRealm ?? body) !== undefined,
      'the request was let through, so there is no refusal',
    ),
    ...Object.entries(upstream)
      .filter(([name, value]) => seen(name).length !== 1 || seen(name)[0] !== fill(value))
      .map(([name, value]) => `the upstream sees ${name}: ${JSON.stringify(seen(name))}, not ${value}`),
    ...upstreamWithout.filter((name) => seen(name).length > 0).map((name) => `the upstream sees a header ${name}`),
    ...removed.filter((name) => !gone.includes(name)).map((name) => `${name} is not removed`),
    ...notRemoved.filter((name) => gone.includes(name)).map((name) => `${name} is removed`),
  ]
}

/** All that two answers must have in common to be told apart by nobody. */
const toFace = (answer: Answer): string => {
  const refusal = toRefusal(answer)
  if (!refusal) return 'no refusal'
  const { kind, status, body } = refusal
  const headers = refusal.headers.map(({ header }) => [header?.key, header?.value])
  const problem = toProblem(refusal)
  return JSON.stringify({
    kind,
    status,
    headers: headers.filter(([name]) => name !== 'x-request-id'),
    body: problem ? { ...problem, instance: undefined } : body,
  })
}

const when = (bad: boolean, complaint: string): string[] => (bad ? [complaint] : [])
