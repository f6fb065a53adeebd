import { IDENTITY_FAMILY } from '../core/identity.ts'
import { memoizeWeak } from '../core/memoize.ts'
import type { RequestView } from '../core/request.ts'
import { createFieldCursor, enterField, nextField } from './protobuf-reader.ts'

/** Field numbers of `envoy.service.auth.v3`; proto/external_auth.proto names them all. */
const CheckRequest = { attributes: 1 } as const
const AttributeContext = { source: 1, request: 4, contextExtensions: 10 } as const
const Peer = { principal: 4 } as const
const Request = { http: 2 } as const
const HttpRequest = { method: 2, headers: 3, path: 4, host: 5, headerMap: 13 } as const
const HeaderMap = { headers: 1 } as const
const HeaderValue = { key: 1, value: 2, rawValue: 3 } as const
const MapEntry = { key: 1, value: 2 } as const

/** Names that an upstream could take for an identity header. */
const ALIAS = new RegExp(`[^a-z0-9-]|^${IDENTITY_FAMILY}`)

/**
 * Reads of a Check message what a decision needs, and nothing else: this is done for every request of every user.
 * Of the headers these are those that the policy `reads` and the names that an upstream could take for an identity header.
 * Undefined when there is no HTTP request in it; throws a RangeError when the bytes are no message. `deadline` is in
 * milliseconds since the epoch.
 */
export const decodeCheck = (bytes: Buffer, reads: ReadonlySet<string>, deadline?: number): RequestView | undefined => {
  let hasHttp = false
  let method = ''
  let host = ''
  let path = ''
  let routeName: string | undefined
  let clientCertificate = ''
  const headers = new Map<string, string>()
  const readNames = toNameTable(reads)
  const cursor = createFieldCursor()

  // Latin-1 keeps every byte apart: none that is not ASCII can be taken for a part of a credential, a host or a path.
  const text = (start: number, end: number): string => bytes.toString('latin1', start, end)
  // Where the name and the value of an entry stand, once it is read.
  let nameStart = 0
  let nameEnd = 0
  let valueStart = 0
  let valueEnd = 0
  const readEntry = (): void => {
    const end = enterField(cursor)
    nameStart = nameEnd = valueStart = valueEnd = end
    while (nextField(bytes, cursor, end)) {
      if (cursor.field === MapEntry.key) {
        nameStart = cursor.start
        nameEnd = cursor.end
      } else if (
        cursor.field === MapEntry.value ||
        (cursor.field === HeaderValue.rawValue && cursor.end > cursor.start)
      ) {
        valueStart = cursor.start
        valueEnd = cursor.end
      }
    }
  }
  /** Undefined for a name that matters to no policy: of most no text is made. */
  const readName = (toName: (text: string) => string): string | undefined => {
    const known = findName(readNames, bytes, nameStart, nameEnd)
    if (known !== undefined || !maybeAlias(bytes, nameStart, nameEnd)) return known
    const name = toName(text(nameStart, nameEnd))
    return reads.has(name) || ALIAS.test(name) ? name : undefined
  }
  /** Lines of one name are joined as Envoy joins them, so that two credentials are seen as two. */
  const readHeader = (toName: (text: string) => string): void => {
    readEntry()
    const name = readName(toName)
    if (name === undefined) return
    const value = text(valueStart, valueEnd)
    const before = headers.get(name)
    headers.set(name, before === undefined ? value : `${before},${value}`)
  }
  const readHeaderMap = (): void => {
    for (const end = enterField(cursor); nextField(bytes, cursor, end); ) {
      if (cursor.field === HeaderMap.headers) readHeader(toLowerCase)
    }
  }
  const readHttp = (): void => {
    hasHttp = true
    for (const end = enterField(cursor); nextField(bytes, cursor, end); ) {
      switch (cursor.field) {
        case HttpRequest.method:
          method = text(cursor.start, cursor.end)
          break
        case HttpRequest.path:
          path = text(cursor.start, cursor.end)
          break
        case HttpRequest.host:
          host = text(cursor.start, cursor.end)
          break
        case HttpRequest.headers:
          readHeader(asIs)
          break
        case HttpRequest.headerMap:
          readHeaderMap()
      }
    }
  }
  const readRequest = (): void => {
    for (const end = enterField(cursor); nextField(bytes, cursor, end); ) if (cursor.field === Request.http) readHttp()
  }
  const readSource = (): void => {
    for (const end = enterField(cursor); nextField(bytes, cursor, end); ) {
      if (cursor.field === Peer.principal) clientCertificate = text(cursor.start, cursor.end)
    }
  }
  const readContextExtension = (): void => {
    readEntry()
    if (text(nameStart, nameEnd) === 'route') routeName = text(valueStart, valueEnd)
  }
  const readAttributes = (): void => {
    for (const end = enterField(cursor); nextField(bytes, cursor, end); ) {
      if (cursor.field === AttributeContext.source) readSource()
      else if (cursor.field === AttributeContext.request) readRequest()
      else if (cursor.field === AttributeContext.contextExtensions) readContextExtension()
    }
  }
  while (nextField(bytes, cursor, bytes.length)) if (cursor.field === CheckRequest.attributes) readAttributes()
  if (!hasHttp) return undefined
  return {
    method,
    host,
    path,
    headers,
    ...(routeName !== undefined && { routeName }),
    ...(clientCertificate !== '' && { clientCertificate }),
    ...(deadline !== undefined && Number.isFinite(deadline) && { deadline }),
  }
}

const asIs = (text: string): string => text
const toLowerCase = (text: string): string => text.toLowerCase()

/** Names by a mark that few others have. */
type NameTable = ReadonlyMap<number, readonly (readonly [name: string, bytes: Buffer])[]>

const toNameTable = memoizeWeak(
  (names: ReadonlySet<string>): NameTable =>
    Map.groupBy(
      [...names].map((name) => [name, Buffer.from(name, 'latin1')] as const),
      ([, bytes]) => toMark(bytes, 0, bytes.length),
    ),
)
const toMark = (bytes: Buffer, start: number, end: number): number => 256 * (end - start) + (bytes[start] ?? 0)

const findName = (table: NameTable, bytes: Buffer, start: number, end: number): string | undefined => {
  const alike = table.get(toMark(bytes, start, end))
  return alike?.find(([, name]) => startsWith(bytes, start, name))?.[0]
}

/** False for most names that no upstream could take for an identity header. */
const maybeAlias = (bytes: Buffer, start: number, end: number): boolean => {
  // Pseudo headers: method, path and authority have fields of their own.
  if (bytes[start] === COLON) return false
  if (startsWith(bytes, start, FAMILY)) return true
  for (let at = start; at < end; at += 1) if (!PLAIN[bytes[at] as number]) return true
  return false
}

const startsWith = (bytes: Buffer, start: number, prefix: Buffer): boolean => {
  let at = 0
  while (at < prefix.length && bytes[start + at] === prefix[at]) at += 1
  return at === prefix.length
}

const FAMILY = Buffer.from(IDENTITY_FAMILY)
const COLON = ':'.charCodeAt(0)
/** For each byte whether it is a small letter, a digit or a hyphen. */
const PLAIN = Array.from({ length: 256 }, (_, byte) => /[a-z0-9-]/.test(String.fromCharCode(byte)))
