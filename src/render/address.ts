import { isIP } from 'node:net'

/** Where a program listens: `kind` says whether a name must be looked up first. */
export type Address =
  | { readonly kind: 'ip' | 'name'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string }

/** Reads `host:port`, `[address]:port` or `unix:/path`; undefined for anything else. */
export const parseAddress = (text: string): Address | undefined => {
  const path = /^unix:(\/.+)$/.exec(text)?.[1]
  if (path !== undefined) return { kind: 'unix', path }
  const [, address, name, digits = ''] = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9_.-]+)):(\d{1,5})$/.exec(text) ?? []
  const host = address ?? name ?? ''
  const port = Number(digits)
  if (host === '' || port < 1 || port > 65_535 || (address !== undefined && isIP(address) !== 6)) return undefined
  return { kind: isIP(host) > 0 ? 'ip' : 'name', host, port }
}

/** An address as people write it. */
export const toAddressText = (address: Address): string => {
  if (address.kind === 'unix') return `unix:${address.path}`
  return address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`
}
