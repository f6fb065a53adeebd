import type { RequestView } from '../core/request.ts'
import type { CheckRequest__Output } from './generated/envoy/service/auth/v3/CheckRequest.ts'
import type { HeaderValue__Output } from './generated/envoy/service/auth/v3/HeaderValue.ts'

/** What Envoy asked about; undefined when there is no HTTP request in it. `deadline` is in milliseconds since the epoch. */
export const toRequestView = ({ attributes }: CheckRequest__Output, deadline?: number): RequestView | undefined => {
  const http = attributes?.request?.http
  if (!http) return undefined
  const extensions = attributes.context_extensions ?? {}
  return {
    method: http.method ?? '',
    host: http.host ?? '',
    path: http.path ?? '',
    headers: http.header_map?.headers ? fromLines(http.header_map.headers) : fromMap(http.headers ?? {}),
    ...(Object.hasOwn(extensions, 'route') && { routeName: extensions['route'] ?? '' }),
    ...(deadline !== undefined && Number.isFinite(deadline) && { deadline }),
  }
}

const fromMap = (headers: Readonly<Record<string, string>>): ReadonlyMap<string, string> =>
  new Map(Object.entries(headers))

/** Envoy's `encode_raw_headers`: joined as Envoy joins them in the map, so that two credentials are seen as two. */
const fromLines = (lines: readonly HeaderValue__Output[]): ReadonlyMap<string, string> => {
  const headers = new Map<string, string>()
  for (const { key = '', value = '', raw_value: raw } of lines) {
    const name = key.toLowerCase()
    // Latin-1 keeps every byte apart: none that is not ASCII can be taken for a part of a credential.
    const text = raw?.length ? raw.toString('latin1') : value
    const before = headers.get(name)
    headers.set(name, before === undefined ? text : `${before},${text}`)
  }
  return headers
}
