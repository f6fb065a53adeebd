import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Check } from '../core/check.ts'
import type { RequestView } from '../core/request.ts'
import { failed, refused, type Verdict } from '../core/verdict.ts'
import type { Observer } from '../ops/observer.ts'
import type { FindDoor } from './door.ts'
import { encodeAnswer, fitVerdict, type HttpAnswer } from './encode-answer.ts'
import { readOriginal } from './original-request.ts'

export interface AnswerOptions {
  readonly check: Check
  /** The headers that the policy takes credentials from. */
  readonly credentialHeaders: () => readonly string[]
  /** The doors as the newest configuration has them. */
  readonly findDoor: FindDoor
  readonly observer: Observer
}

/**
 * Answers what proxies ask. Where there is no door, or not for this peer, nothing is judged: 403. An exception becomes an
 * error verdict and a fault.
 */
export const createAnswerRequest =
  ({ check, credentialHeaders, findDoor, observer }: AnswerOptions) =>
  async (message: IncomingMessage, response: ServerResponse): Promise<void> => {
    const start = performance.now()
    const { url = '', socket } = message
    const door = findDoor(url)
    if (!door?.trusts(socket)) {
      observer.turnedAway(door ? 'untrusted_peer' : 'no_door', socket.remoteAddress)
      return write(response, TURNED_AWAY)
    }
    const { kind } = door
    let request = NO_REQUEST
    let verdict: Verdict
    try {
      const view = readOriginal(kind, door.path, message)
      request = view ?? NO_REQUEST
      const judged = view ? await check({ ...view, deadline: Date.now() + door.timeout }) : refused('malformed_request')
      verdict = fitVerdict(kind, judged)
      write(response, encodeAnswer(kind, verdict, request, credentialHeaders()))
    } catch (error) {
      observer.fault(error)
      verdict = failed('internal_fault')
      write(response, encodeAnswer(kind, verdict, request))
    }
    observer.decided(request, verdict, performance.now() - start)
  }

export const write = (response: ServerResponse, { status, headers, body }: HttpAnswer): void => {
  response.sendDate = false
  // Node takes the list as it is.
  response.writeHead(status, headers as string[]).end(body)
}

const NO_REQUEST: RequestView = { method: '', host: '', path: '', headers: new Map() }

/** For whoever comes where there is no door, or none for it: no verdict, but closed. */
export const TURNED_AWAY: HttpAnswer = encodeAnswer('envoy', refused('malformed_request'), NO_REQUEST)
