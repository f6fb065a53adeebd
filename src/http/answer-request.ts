import type { IncomingMessage, ServerResponse } from 'node:http'
import { DOOR_KINDS, type DoorKind } from '../config/door-schema.ts'
import type { Check } from '../core/check.ts'
import { createRememberedAnswers } from '../core/remembered-answers.ts'
import { isGrpc, type RequestView } from '../core/request.ts'
import { failed, refused, type Verdict } from '../core/verdict.ts'
import type { Observer } from '../ops/observer.ts'
import type { FindDoor } from './door.ts'
import { addUnchanged, encodeAnswer, fitVerdict, type HttpAnswer } from './encode-answer.ts'
import { readOriginal } from './original-request.ts'

export interface AnswerOptions {
  readonly check: Check
  /** The doors as the newest configuration has them. */
  readonly findDoor: FindDoor
  /** The headers that a credential may be in, as the newest policy has them. */
  readonly credentialHeaders: () => readonly string[]
  /** These, and the identity headers: those that a proxy must be configured to take from the answer. */
  readonly takenHeaders: () => ReadonlySet<string>
  readonly observer: Observer
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

/**
 * Answers what proxies ask. Where there is no door, or not for this peer, nothing is judged: 403. An exception becomes an
 * error verdict and a fault.
 */
export const createAnswerRequest = ({
  check,
  findDoor,
  credentialHeaders,
  takenHeaders,
  observer,
  now,
}: AnswerOptions) => {
  const encoders = Object.fromEntries(DOOR_KINDS.map((kind) => [kind, createEncoder(kind)])) as Encoders
  const encode = (kind: DoorKind, verdict: Verdict, request: RequestView): HttpAnswer => {
    const answer = encoders[kind](verdict, { isGrpc: isGrpc(request) })
    return verdict.kind === 'ok' && kind !== 'envoy'
      ? addUnchanged(kind, answer, verdict, request.headers, credentialHeaders())
      : answer
  }
  return async (message: IncomingMessage, response: ServerResponse): Promise<void> => {
    const start = performance.now()
    const { url = '', socket } = message
    const door = findDoor(url)
    if (!door?.trusts(socket)) {
      observer.turnedAway(door ? 'untrusted_peer' : 'no_door', socket.remoteAddress)
      return write(response, TURNED_AWAY)
    }
    const { kind, path, timeout } = door
    let request = NO_REQUEST
    let verdict: Verdict
    try {
      const view = readOriginal(kind, path, message, now() + timeout)
      request = view ?? NO_REQUEST
      verdict = fitVerdict(kind, view ? await check(view) : refused('malformed_request'), takenHeaders())
      write(response, encode(kind, verdict, request))
    } catch (error) {
      observer.fault(error)
      verdict = failed('internal_fault')
      write(response, encode(kind, verdict, request))
    }
    observer.decided(request, verdict, performance.now() - start)
  }
}

interface Style {
  readonly isGrpc: boolean
}
const PLAIN: Style = { isGrpc: false }
type Encoder = (verdict: Verdict, style: Style) => HttpAnswer
type Encoders = Readonly<Record<DoorKind, Encoder>>

const createEncoder = (kind: DoorKind): Encoder =>
  createRememberedAnswers<Style, HttpAnswer>((verdict, style) => encodeAnswer(kind, verdict, style.isGrpc), PLAIN)

export const write = (response: ServerResponse, { status, headers, body }: HttpAnswer): void => {
  response.sendDate = false
  // Node takes the list as it is.
  response.writeHead(status, headers as string[]).end(body)
}

const NO_REQUEST: RequestView = { method: '', host: '', path: '', headers: new Map() }

/** For whoever comes where there is no door, or none for it: no verdict, but closed. */
export const TURNED_AWAY: HttpAnswer = encodeAnswer('envoy', refused('malformed_request'), false)
