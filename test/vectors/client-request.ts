import type { Check } from './case-file.ts'
import type { Fill } from './placeholders.ts'

/** One request as a client sends it: header lines with the case of their names and the bytes of their values. */
export interface ClientRequest {
  readonly method: string
  readonly host: string
  readonly path: string
  readonly lines: readonly HeaderLine[]
  /** The name in a certificate that Envoy has verified. */
  readonly clientCertificate: string | undefined
  readonly contextExtensions: readonly (readonly [name: string, value: string])[]
  readonly empty: 'attributes' | 'request' | 'http' | undefined
}

export type HeaderLine = readonly [name: string, value: Buffer]

/** Fills the placeholders of a row. Envoy puts pseudo headers among the headers; a row may give its own. */
export const toClientRequest = (check: Check, fill: Fill): ClientRequest => {
  const { method, empty } = check
  const host = fill(check.host)
  const path = fill(check.path)
  const lines: HeaderLine[] = (check.headerMap ?? check.headers).map(([name, value]) => [
    name,
    typeof value === 'string' ? Buffer.from(fill(value)) : Buffer.from(value.hex, 'hex'),
  ])
  const given = new Set(lines.map(([name]) => name))
  const pseudo: HeaderLine[] = Object.entries({
    ':method': method,
    ':path': path,
    ':authority': host,
    ':scheme': 'https',
  })
    .filter(([name]) => !check.withoutPseudoHeaders && !given.has(name))
    .map(([name, value]) => [name, Buffer.from(value)])
  return {
    method,
    host,
    path,
    lines: [...pseudo, ...lines],
    clientCertificate: check.clientCertificate,
    contextExtensions: check.contextExtensions.map(([name, value]) => [name, fill(String(value))]),
    empty,
  }
}
