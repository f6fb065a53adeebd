import type { CheckRequest } from '../generated/envoy/service/auth/v3/CheckRequest.ts'
import type { Form } from './case-file.ts'
import type { ClientRequest, HeaderLine } from './client-request.ts'

/** The Check request that Envoy makes of a client's request. */
export const toCheckMessage = (request: ClientRequest, form: Form): CheckRequest => {
  if (request.empty === 'attributes') return {}
  if (request.empty === 'request') return { attributes: {} }
  if (request.empty === 'http') return { attributes: { request: {} } }
  const { method, host, path, lines, clientCertificate, contextExtensions } = request
  return {
    attributes: {
      source: clientCertificate === undefined ? {} : { principal: clientCertificate },
      request: {
        http: { id: '7291', method, host, path, scheme: 'https', protocol: 'HTTP/2', ...toHeaders(lines, form) },
      },
      context_extensions: Object.fromEntries(contextExtensions),
    },
  }
}

/** With `encode_raw_headers` the map stays empty, and the text is in `raw_value` alone. */
const toHeaders = (lines: readonly HeaderLine[], form: Form) =>
  form === 'raw'
    ? { header_map: { headers: lines.map(([key, value]) => ({ key, raw_value: value })) } }
    : { headers: toMap(lines) }

/** Lower-case names; several lines of one name are joined by commas. */
const toMap = (lines: readonly HeaderLine[]): Record<string, string> => {
  const map = new Map<string, string>()
  for (const [name, value] of lines) {
    const key = name.toLowerCase()
    const before = map.get(key)
    map.set(key, before === undefined ? toUtf8(value) : `${before},${toUtf8(value)}`)
  }
  return Object.fromEntries(map)
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** A protobuf string must be UTF-8: Envoy puts `!` in the place of each byte that is not. */
const toUtf8 = (bytes: Buffer): string => {
  let text = ''
  for (let at = 0; at < bytes.length; ) {
    const length = [1, 2, 3, 4].find((count) => isUtf8(bytes.subarray(at, at + count))) ?? 0
    text += length === 0 ? '!' : utf8.decode(bytes.subarray(at, at + length))
    at += Math.max(length, 1)
  }
  return text
}

const isUtf8 = (bytes: Buffer): boolean => {
  try {
    utf8.decode(bytes)
    return true
  } catch {
    return false
  }
}
