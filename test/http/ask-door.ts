import type { DoorKind } from '../../src/config/door-schema.ts'
import type { CheckRequest } from '../generated/envoy/service/auth/v3/CheckRequest.ts'
import type { Answer } from '../vectors/envoy.ts'
import { type RawRequest, type RawResponse, sendRaw } from './send-raw.ts'

type HttpRequest = NonNullable<NonNullable<NonNullable<CheckRequest['attributes']>['request']>['http']>
type Lines = RawRequest['lines']

/**
 * Asks at a door as its kind of proxy does, about the request of a Check message, and reads the answer as that proxy does,
 * told to set or remove these headers.
 */
export const askDoor = async (
  address: string,
  kind: DoorKind,
  message: CheckRequest,
  edited: readonly string[],
): Promise<Answer> => {
  const http = message.attributes?.request?.http
  if (!http) throw new Error('no proxy asks about nothing')
  return toAnswer(kind, await sendRaw(address, toQuestion(kind, http)), toLines(http), edited)
}

const toQuestion = (kind: DoorKind, http: HttpRequest): RawRequest => {
  const { method = '', path = '', host = '' } = http
  const lines = toLines(http)
  if (kind === 'envoy') return { method, target: `/envoy${path}`, lines: [['host', host], ...lines] }
  // RFC 9110 §7.6.1: these speak of one connection; a proxy takes them off.
  const passed = lines.filter(([name]) => !['connection', 'upgrade'].includes(name.toLowerCase()))
  const original: Lines =
    kind === 'nginx'
      ? [
          ['X-Original-URL', `https://${host}${path}`],
          ['X-Original-Method', method],
        ]
      : [
          ['X-Forwarded-Method', method],
          ['X-Forwarded-Host', host],
          ['X-Forwarded-Uri', path],
        ]
  const names = new Set(original.map(([name]) => name.toLowerCase()))
  const others = passed.filter(([name]) => !names.has(name.toLowerCase()))
  // The scheme that Traefik gives a websocket, and what else is left of its handshake.
  const handshake: Lines =
    passed.length < lines.length
      ? [
          ['X-Forwarded-Proto', 'wss'],
          ['Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25jZQ=='],
        ]
      : []
  return { method: 'GET', target: `/${kind}`, lines: [['Host', 'gate.test'], ...others, ...handshake, ...original] }
}

/** Text or bytes, by the form of the message; without pseudo headers. */
const toLines = ({ headers, header_map }: HttpRequest): Lines => {
  const raw = (header_map?.headers ?? []).map(({ key = '', raw_value }) => [key, raw_value as Buffer] as const)
  return [...Object.entries(headers ?? {}), ...raw].filter(([name]) => !name.startsWith(':'))
}

const FRAMING = ['content-length', 'connection', 'keep-alive']

const toAnswer = (
  kind: DoorKind,
  { status, headers, body }: RawResponse,
  client: Lines,
  edited: readonly string[],
): Answer => {
  const told = headers.filter(([name]) => !FRAMING.includes(name.toLowerCase()))
  const overwrite = ([key, value]: readonly [string, string]) => ({
    header: { key, value },
    append: { value: false },
    append_action: 2,
  })
  if (status !== 200) {
    return { status: { code: 7 }, denied_response: { status: { code: status }, headers: told.map(overwrite), body } }
  }
  const instruction = 'x-envoy-auth-headers-to-remove'
  // Caddy is told an empty value where the others are told nothing.
  const set = told.filter(([name, value]) => name !== instruction && (kind !== 'caddy' || value !== ''))
  const strange = set.filter(([name]) => !edited.includes(name))
  if (strange.length > 0) throw new Error(`no proxy was told to take ${strange}`)
  if (kind === 'envoy') {
    const removed = told.find(([name]) => name === instruction)?.[1].split(',') ?? []
    return { status: { code: 0 }, ok_response: { headers: set.map(overwrite), headers_to_remove: removed } }
  }
  // What is not in the answer is removed; what is there as the client sent it is not changed.
  const own = (name: string) =>
    client.filter(([other]) => other.toLowerCase() === name).map(([, value]) => String(value))
  const isSame = ([name, value]: readonly [string, string]) => own(name).length === 1 && own(name)[0] === value
  const names = new Set(set.map(([name]) => name))
  return {
    status: { code: 0 },
    ok_response: {
      headers: set.filter((line) => !isSame(line)).map(overwrite),
      headers_to_remove: edited.filter(
        (name) => !names.has(name) && (name !== 'authorization' || own(name).length > 0),
      ),
    },
  }
}
