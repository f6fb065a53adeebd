import type { RequestView } from './request.ts'

const MALFORMED = { kind: 'malformed' } as const

/** What Kubernetes' API server and its clients agreed upon; browsers can put a token nowhere else in a websocket. */
const PREFIX = 'base64url.bearer.authorization.k8s.io.'

const toProtocols = (header: string): readonly string[] =>
  header
    .split(',')
    .map((protocol) => protocol.trim())
    .filter((protocol) => protocol !== '')

/** The token among the subprotocols of a websocket's handshake; undefined where there is none. */
export const readProtocolToken = ({ headers }: RequestView): string | undefined | typeof MALFORMED => {
  const header = headers.get('sec-websocket-protocol')
  if (!header?.includes(PREFIX) || !isWebsocket(headers.get('upgrade'))) return undefined
  const protocols = toProtocols(header)
  const [first, ...more] = protocols.filter((protocol) => protocol.startsWith(PREFIX))
  if (first === undefined) return undefined
  // RFC 6455 §4.1, §4.2.2: the server picks one of the client's protocols, so one that is no token must be left for it.
  if (more.length > 0 || protocols.length === 1) return MALFORMED
  return decode(first.slice(PREFIX.length)) ?? MALFORMED
}

/** The header without the token, empty where nothing else is in it. */
export const withoutProtocolToken = (header: string): string =>
  header.includes(PREFIX)
    ? toProtocols(header)
        .filter((protocol) => !protocol.startsWith(PREFIX) && TOKEN.test(protocol))
        .join(', ')
    : header

/** RFC 9110 §5.6.2. */
const TOKEN = /^[\w!#$%&'*+.^`|~-]+$/

const isWebsocket = (upgrade: string | undefined): boolean =>
  upgrade?.split(',').some((protocol) => protocol.trim().toLowerCase() === 'websocket') ?? false

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** RFC 4648 §5, without padding and without stray bits. */
const decode = (text: string): string | undefined => {
  try {
    const bytes = Uint8Array.fromBase64(text, { alphabet: 'base64url' })
    const isExact = bytes.toBase64({ alphabet: 'base64url', omitPadding: true }) === text
    return isExact && text !== '' ? utf8.decode(bytes) : undefined
  } catch {
    return undefined
  }
}
