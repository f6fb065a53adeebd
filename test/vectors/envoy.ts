import type { CheckResponse__Output } from '../generated/envoy/service/auth/v3/CheckResponse.ts'
import type { HeaderValueOption__Output } from '../generated/envoy/service/auth/v3/HeaderValueOption.ts'
import type { ClientRequest, HeaderLine } from './client-request.ts'

export type Answer = CheckResponse__Output
export type HeaderOption = HeaderValueOption__Output

/** True when Envoy lets the request through: it looks at this number alone, and 0 is its default. */
export const isOk = ({ status }: Answer): boolean => (status?.code ?? 0) === 0

/** The header lines that the upstream sees: Envoy sets first and removes last, names without regard to case. */
export const toUpstreamLines = ({ lines }: ClientRequest, { ok_response }: Answer): readonly HeaderLine[] => {
  const removed = new Set(ok_response?.headers_to_remove?.map((name) => name.toLowerCase()))
  let upstream: HeaderLine[] = lines.map(([name, value]) => [name.toLowerCase(), value])
  for (const { header } of ok_response?.headers ?? []) {
    const name = (header?.key ?? '').toLowerCase()
    upstream = [...upstream.filter(([other]) => other !== name), [name, Buffer.from(header?.value ?? '')]]
  }
  return upstream.filter(([name]) => !removed.has(name))
}
