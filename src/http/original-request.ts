import type { DoorKind } from '../config/door-schema.ts'
import type { RequestView } from '../core/request.ts'
import { type Headers, readHeaders } from './read-headers.ts'

/** What Node read of the proxy's question. */
export interface Question {
  readonly method?: string | undefined
  readonly url?: string | undefined
  readonly rawHeaders: readonly string[]
}

/**
 * The request that a proxy asks about, from the one place where that kind of proxy puts it; undefined when it is not there
 * exactly once, in the form that this proxy writes. `path` is the door's; the deadline is in milliseconds since the epoch.
 */
export const readOriginal = (
  kind: DoorKind,
  path: string,
  question: Question,
  deadline: number,
): RequestView | undefined => {
  const headers = readHeaders(question.rawHeaders)
  const original = READERS[kind](headers, path, question)
  if (!original) return undefined
  noteUpgrade(headers.map)
  return { ...original, headers: headers.map, deadline }
}

type Original = Pick<RequestView, 'method' | 'host' | 'path'>
type Reader = (headers: Headers, path: string, question: Question) => Original | undefined

/** Envoy asks with the client's own method, host and path; its `path_prefix` is the door's path. */
const readRequestLine: Reader = ({ map }, path, { method = '', url = '' }) => ({
  method,
  host: map.get('host') ?? '',
  path: path === '/' ? url : url.slice(path.length),
})

/** As ingress-nginx writes it: `$scheme://$http_host$request_uri`. Never a URL parser: it would normalise the path. */
const readOriginalUrl: Reader = (headers) => {
  const method = readOne(headers, 'x-original-method', METHOD)
  const [, host, path] = ORIGINAL_URL.exec(readOne(headers, 'x-original-url', ONE_URL) ?? '') ?? []
  return method && host !== undefined && path !== undefined ? { method, host, path } : undefined
}

/** As Traefik and Caddy write it. */
const readForwarded: Reader = (headers) => {
  const method = readOne(headers, 'x-forwarded-method', METHOD)
  const host = readOne(headers, 'x-forwarded-host', HOST)
  const path = readOne(headers, 'x-forwarded-uri', ONE_TARGET)
  return method && host !== undefined && path ? { method, host, path } : undefined
}

const READERS: Record<DoorKind, Reader> = {
  envoy: readRequestLine,
  nginx: readOriginalUrl,
  traefik: readForwarded,
  caddy: readForwarded,
}

/** RFC 9110 §5.6.2. */
const METHOD = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/
const HOST = /^[^\s,/?#@]*$/
const ORIGINAL_URL = /^(?:https?|wss?):\/\/([^\s,/?#@]*)(\/.*)$/
/** GHSA-7x63-xv5r-3p2x: a proxy that adds to what a client sent leaves two values, and one of them is forged. */
const ONE_TARGET = /^(?!.*,\/)(?:\/\S*|\*)$/
const ONE_URL = /^(?!.*,[a-z]+:\/\/)\S+$/i

/** The value of a header that has one line, of that form. */
const readOne = ({ map, repeated }: Headers, name: string, form: RegExp): string | undefined => {
  const value = map.get(name)
  return value !== undefined && !repeated.has(name) && form.test(value) ? value : undefined
}

/**
 * RFC 9110 §7.6.1: a proxy keeps `Upgrade` to itself, so that a websocket is told by what else its handshake has (RFC 6455
 * §4.1), or by the scheme that Traefik and ingress-nginx give it.
 */
const noteUpgrade = (headers: Map<string, string>): void => {
  if (headers.has('upgrade')) return
  const isWebsocket = headers.has('sec-websocket-key') || headers.has('sec-websocket-version')
  if (isWebsocket || /^wss?$/i.test(headers.get('x-forwarded-proto') ?? '')) headers.set('upgrade', 'websocket')
}
