import { IDENTITY_FAMILY } from '../core/identity.ts'
import { memoizeWeak } from '../core/memoize.ts'
import type { RequestView } from '../core/request.ts'
import { type OnField, readFields } from './protobuf-reader.ts'

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
  const lengths = toLengths(reads)

  // Latin-1 keeps every byte apart: none that is not ASCII can be taken for a part of a credential, a host or a path.
  const text = (start: number, end: number): string => bytes.toString('latin1', start, end)
  // Where the name and the value of an entry stand, once it is read.
  let nameStart = 0
  let nameEnd = 0
  let valueStart = 0
  let valueEnd = 0
  const onEntryField: OnField = (field, start, end) => {
    if (field === MapEntry.key) {
      nameStart = start
      nameEnd = end
    } else if (field === MapEntry.value || (field === HeaderValue.rawValue && end > start)) {
      valueStart = start
      valueEnd = end
    }
  }
  const readEntry = (start: number, end: number): void => {
    nameStart = nameEnd = valueStart = valueEnd = end
    readFields(bytes, start, end, onEntryField)
  }
  /** Lines of one name are joined as Envoy joins them, so that two credentials are seen as two. */
  const addHeader = (toName: (text: string) => string): void => {
    if (!mayMatter(bytes, nameStart, nameEnd, lengths)) return
    const name = toName(text(nameStart, nameEnd))
    // Pseudo headers start with a colon: method, path and authority have fields of their own.
    if (!reads.has(name) && (name.startsWith(':') || !ALIAS.test(name))) return
    const value = text(valueStart, valueEnd)
    const before = headers.get(name)
    headers.set(name, before === undefined ? value : `${before},${value}`)
  }
  const onHeaderLine: OnField = (field, start, end) => {
    if (field !== HeaderMap.headers) return
    readEntry(start, end)
    addHeader(toLowerCase)
  }

  const readHttp = (field: number, start: number, end: number): void => {
    switch (field) {
      case HttpRequest.method:
        method = text(start, end)
        break
      case HttpRequest.path:
        path = text(start, end)
        break
      case HttpRequest.host:
        host = text(start, end)
        break
      case HttpRequest.headers:
        readEntry(start, end)
        addHeader(asIs)
        break
      case HttpRequest.headerMap:
        readFields(bytes, start, end, onHeaderLine)
    }
  }
  const readAttributes = (field: number, start: number, end: number): void => {
    if (field === AttributeContext.contextExtensions) {
      readEntry(start, end)
      if (text(nameStart, nameEnd) === 'route') routeName = text(valueStart, valueEnd)
    } else if (field === AttributeContext.request) {
      readFields(bytes, start, end, (inner, from, to) => {
        if (inner !== Request.http) return
        hasHttp = true
        readFields(bytes, from, to, readHttp)
      })
    } else if (field === AttributeContext.source) {
      readFields(bytes, start, end, (inner, from, to) => {
        if (inner === Peer.principal) clientCertificate = text(from, to)
      })
    }
  }
  readFields(bytes, 0, bytes.length, (field, start, end) => {
    if (field === CheckRequest.attributes) readFields(bytes, start, end, readAttributes)
  })
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

const toLengths = memoizeWeak((names: ReadonlySet<string>) => new Set([...names].map(({ length }) => length)))

/** False for most header names that matter to no policy, without a text being made of them. */
const mayMatter = (bytes: Buffer, start: number, end: number, lengths: ReadonlySet<number>): boolean => {
  // `x-…` may be of the identity family.
  if (lengths.has(end - start) || bytes[start] === X) return true
  for (let at = start; at < end; at += 1) if (!PLAIN[bytes[at] as number]) return true
  return false
}

const X = 'x'.charCodeAt(0)
/** For each byte whether it is a small letter, a digit or a hyphen. */
const PLAIN = Array.from({ length: 256 }, (_, byte) => /[a-z0-9-]/.test(String.fromCharCode(byte)))
