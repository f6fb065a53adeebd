import { type Agent, type ClientRequest, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Seen } from './echo-upstream.ts'

/** A request, sent as it is written: no path is normalised, and several lines of one header stay several. */
export interface Request {
  readonly method?: string
  readonly host?: string
  readonly path?: string
  readonly headers?: readonly (readonly [name: string, value: string])[]
  /** Keeps connections; without it each request has one of its own. */
  readonly agent?: Agent
}

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
  /** What the service saw; undefined when it was not reached. */
  readonly seen: Seen | undefined
}

/** Sends a request to 127.0.0.1 and reads the whole answer. */
export const sendRequest = (port: number, wanted: Request): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const sent = toClientRequest(port, wanted)
    sent.once('response', (response) => readAnswer(response).then(resolve, reject))
    sent.once('upgrade', () => reject(new Error('an upgrade that nobody asked for')))
    sent.once('error', reject)
    sent.end()
  })

/** What came of a websocket handshake. */
export type Handshake =
  | { readonly kind: 'open'; readonly socket: Duplex; readonly seen: Seen | undefined }
  | { readonly kind: 'refused'; readonly status: number }

/** Asks for a websocket (RFC 6455 §4.1). The bytes on an open one are the caller's own. */
export const openWebsocket = (port: number, wanted: Request): Promise<Handshake> =>
  new Promise((resolve, reject) => {
    const sent = toClientRequest(port, { ...wanted, headers: [...(wanted.headers ?? []), ...HANDSHAKE] })
    sent.once('response', (response) => {
      response.resume()
      resolve({ kind: 'refused', status: response.statusCode ?? 0 })
    })
    sent.once('upgrade', (response, socket) => resolve({ kind: 'open', socket, seen: toSeen(response) }))
    sent.once('error', reject)
    sent.end()
  })

const HANDSHAKE = [
  ['connection', 'Upgrade'],
  ['upgrade', 'websocket'],
  ['sec-websocket-version', '13'],
  ['sec-websocket-key', 'AAAAAAAAAAAAAAAAAAAAAA=='],
] as const

const toClientRequest = (port: number, wanted: Request): ClientRequest => {
  const { method = 'GET', host = 'localhost', path = '/', headers = [], agent = false } = wanted
  return request({ host: '127.0.0.1', port, method, path, headers: ['host', host, ...headers.flat()], agent })
}

const readAnswer = async (response: IncomingMessage): Promise<Answer> => {
  let body = ''
  for await (const text of response.setEncoding('utf8')) body += text
  return { status: response.statusCode ?? 0, headers: response.headers, body, seen: toSeen(response) }
}

const toSeen = ({ headers }: IncomingMessage): Seen | undefined => {
  const seen = headers['x-seen']
  return typeof seen === 'string' ? (JSON.parse(seen) as Seen) : undefined
}
