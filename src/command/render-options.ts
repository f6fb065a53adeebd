import { InvalidArgumentError } from 'commander'
import { type Address, parseAddress } from '../render/address.ts'
import { parseUpstream, type Upstream } from '../render/upstream.ts'

/** An address, or one more of them. */
export const parseAddressOption = (text: string): Address => {
  const address = parseAddress(text)
  if (!address) throw new InvalidArgumentError('Write host:port, [address]:port or unix:/path.')
  return address
}

/** One more address. */
export const parseOneMoreAddress = (text: string, before: readonly Address[] = []): readonly Address[] => [
  ...before,
  parseAddressOption(text),
]

/** One more service. */
export const parseOneMoreUpstream = (text: string, before: readonly Upstream[] = []): readonly Upstream[] => {
  const upstream = parseUpstream(text)
  if (upstream) return [...before, upstream]
  throw new InvalidArgumentError('Write [HOST][/PATH]=ADDRESS:PORT, or =none for what is not there; no path ends in /.')
}

/** One more origin of pages (RFC 6454 §6.1). */
export const parseOneMoreOrigin = (text: string, before: readonly string[] = []): readonly string[] => {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol) && new URL(text).origin === text) {
    return [...before, text]
  }
  throw new InvalidArgumentError('Write an origin, such as https://ui.example.com, without path and final slash.')
}

/** Header names, separated by commas. */
export const parseHeaderNames = (text: string): string => {
  const names = text.split(',').map((name) => name.trim().toLowerCase())
  if (names.every((name) => /^[a-z0-9-]+$/.test(name))) return names.join(', ')
  throw new InvalidArgumentError('Write header names separated by commas, such as authorization,content-type.')
}

/** A port. */
export const parsePort = (text: string): number => {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0
  if (port < 1 || port > 65_535) throw new InvalidArgumentError('Write a port.')
  return port
}

/** One more port. */
export const parseOneMorePort = (text: string, before: readonly number[] = []): readonly number[] => [
  ...before,
  parsePort(text),
]

/** A small number. */
export const parseCount = (text: string): number => {
  if (!/^\d{1,2}$/.test(text)) throw new InvalidArgumentError('Write a number from 0 to 99.')
  return Number(text)
}

/** One more label of pods. */
export const parseOneMoreLabel = (
  text: string,
  before: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> => {
  const [, key = '', value = ''] = /^((?:[a-z0-9.-]+\/)?[A-Za-z0-9._-]+)=([A-Za-z0-9._-]*)$/.exec(text) ?? []
  if (key === '') throw new InvalidArgumentError('Write a label, such as istio=ingressgateway.')
  return { ...before, [key]: value }
}

/** A Service and its namespace. */
export const parseService = (text: string): { readonly name: string; readonly namespace: string } => {
  const [name = '', namespace = '', ...rest] = text.replace(/\.svc(?:\.cluster\.local)?$/, '').split('.')
  if (name === '' || namespace === '' || rest.length > 0) {
    throw new InvalidArgumentError('Write the name of the Service and its namespace, such as bearergate.gate.')
  }
  return { name, namespace }
}
