import { IDENTITY_FAMILY } from '../core/identity.ts'
import type { RequestView } from '../core/request.ts'
import { readFields } from './protobuf-reader.ts'

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

  // Latin-1 keeps every byte apart: none that is not ASCII can be taken for a part of a credential, a host or a path.
  const text = (start: number, end: number): string => bytes.toString('latin1', start, end)
  /** Lines of one name are joined as Envoy joins them, so that two credentials are seen as two. */
  const addHeader = (name: string, start: number, end: number): void => {
    // Pseudo headers start with a colon: method, path and authority have fields of their own.
    if (!reads.has(name) && (name.startsWith(':') || !ALIAS.test(name))) return
    const value = text(start, end)
    const before = headers.get(name)
    headers.set(name, before === undefined ? value : `${before},${value}`)
  }
  const readEntry = (start: number, end: number, onEntry: (key: string, from: number, to: number) => void): void => {
    let key = ''
    let from = end
    let to = end
    readFields(bytes, start, end, (field, valueStart, valueEnd) => {
      if (field === MapEntry.key) key = text(valueStart, valueEnd)
      else if (field === MapEntry.value || (field === HeaderValue.rawValue && valueEnd > valueStart)) {
        from = valueStart
        to = valueEnd
      }
    })
    onEntry(key, from, to)
  }
  const addLine = (name: string, start: number, end: number): void => addHeader(name.toLowerCase(), start, end)

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
        readEntry(start, end, addHeader)
        break
      case HttpRequest.headerMap:
        readFields(bytes, start, end, (inner, from, to) => {
          if (inner === HeaderMap.headers) readEntry(from, to, addLine)
        })
    }
  }
  const readAttributes = (field: number, start: number, end: number): void => {
    if (field === AttributeContext.contextExtensions) {
      readEntry(start, end, (key, from, to) => {
        if (key === 'route') routeName = text(from, to)
      })
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
