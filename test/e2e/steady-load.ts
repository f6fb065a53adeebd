import { type ClientHttp2Session, connect } from 'node:http2'
import type { Seen } from './echo-upstream.ts'

/** A GET that is sent again and again, and the outcome that each of its answers must have. */
export interface Wanted {
  readonly host: string
  readonly path: string
  readonly authorization?: string
  /** The status and who the service took the caller for: `200 ci`; `-` where it saw nobody. */
  readonly outcome: string
}

/** What became of a load. */
export interface LoadReport {
  readonly sent: number
  /** How many were answered with 503: the client is to try again. */
  readonly outages: number
  /** Every other request that was lost, or answered in another way than wanted. */
  readonly wrong: readonly string[]
  /** Requests a second, the waiting for the last answers included. */
  readonly rate: number
  /** The longest wait for an answer, in milliseconds. */
  readonly longest: number
}

/** Requests at a steady rate, whether or not earlier ones have been answered. */
export interface SteadyLoad {
  readonly sent: () => number
  readonly inFlight: () => number
  /** Sends no more, and waits for the answers. */
  readonly stop: () => Promise<LoadReport>
}

const OUTAGE = '503 -'
const TICK_MILLISECONDS = 4
/** Several, so that each worker of Envoy gets some. HTTP/2 costs the sender half of what HTTP/1 does. */
const CONNECTIONS = 8

/** Sends `perSecond` requests to a port of 127.0.0.1, each wanted one in its turn, until it is stopped. */
export const startSteadyLoad = (port: number, wanted: readonly Wanted[], perSecond: number): SteadyLoad => {
  const sessions = Array.from({ length: CONNECTIONS }, () => connect(`http://127.0.0.1:${port}`))
  const open = new Set<Promise<void>>()
  const wrong: string[] = []
  const start = performance.now()
  let sent = 0
  let outages = 0
  let longest = 0

  const send = async (session: ClientHttp2Session, one: Wanted): Promise<void> => {
    const start = performance.now()
    const found = await toOutcome(session, one).catch(String)
    longest = Math.max(longest, performance.now() - start)
    if (found === OUTAGE) outages += 1
    else if (found !== one.outcome) wrong.push(`${one.host}${one.path}, for ${one.outcome}: ${found}`)
  }
  const sendDue = (): void => {
    const due = ((performance.now() - start) / 1_000) * perSecond
    for (; sent < due; sent += 1) {
      const session = sessions[sent % CONNECTIONS] as ClientHttp2Session
      const promise = send(session, wanted[sent % wanted.length] as Wanted).finally(() => open.delete(promise))
      open.add(promise)
    }
  }
  const timer = setInterval(sendDue, TICK_MILLISECONDS)

  return {
    sent: () => sent,
    inFlight: () => open.size,
    stop: async () => {
      clearInterval(timer)
      await Promise.all(open)
      const rate = (sent / (performance.now() - start)) * 1_000
      for (const session of sessions) session.close()
      return { sent, outages, wrong, rate, longest }
    },
  }
}

const toOutcome = (session: ClientHttp2Session, { host, path, authorization }: Wanted): Promise<string> =>
  new Promise((resolve, reject) => {
    const headers = { ':authority': host, ':path': path, ...(authorization && { authorization }) }
    let outcome = 'no answer'
    session
      .request(headers)
      .on('response', ({ ':status': status, 'x-seen': seen }) => {
        const lines = typeof seen === 'string' ? (JSON.parse(seen) as Seen).headers : []
        outcome = `${status} ${new Map(lines).get('x-auth-request-user') ?? '-'}`
      })
      .once('error', reject)
      .once('close', () => resolve(outcome))
      .resume()
  })
