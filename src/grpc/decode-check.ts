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
  const marks = toMarks(reads)
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
  /** Lines of one name are joined as Envoy joins them, so that two credentials are seen as two. */
  const readHeader = (toName: (text: string) => string): void => {
    readEntry()
    if (!mayMatter(bytes, nameStart, nameEnd, marks)) return
    const name = toName(text(nameStart, nameEnd))
    // Pseudo headers start with a colon: method, path and authority have fields of their own.
    if (!reads.has(name) && (name.startsWith(':') || !ALIAS.test(name))) return
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

/** Of each name its length and first byte: enough to pass over most others. */
const toMarks = memoizeWeak(
  (names: ReadonlySet<string>): ReadonlySet<number> =>
    new Set([...names].map((name) => toMark(name.length, name.charCodeAt(0)))),
)
const toMark = (length: number, first: number): number => 256 * length + first

/** False for most header names that matter to no policy, without a text being made of them. */
const mayMatter = (bytes: Buffer, start: number, end: number, marks: ReadonlySet<number>): boolean => {
  if (marks.has(toMark(end - start, bytes[start] as number)) || isOfFamily(bytes, start)) return true
  for (let at = start; at < end; at += 1) if (!PLAIN[bytes[at] as number]) return true
  return false
}

const FAMILY = Buffer.from(IDENTITY_FAMILY)
const isOfFamily = (bytes: Buffer, start: number): boolean => {
  let at = 0
  while (at < FAMILY.length && bytes[start + at] === FAMILY[at]) at += 1
  return at === FAMILY.length
}

/** For each byte whether it is a small letter, a digit or a hyphen. */
const PLAIN = Array.from({ length: 256 }, (_, byte) => /[a-z0-9-]/.test(String.fromCharCode(byte)))
