import { type Address, parseAddress } from '../../src/render/address.ts'
import type { EnvoyOptions } from '../../src/render/render-envoy.ts'
import type { Rendered } from '../../src/render/rendered.ts'
import { parseUpstream, type Upstream } from '../../src/render/upstream.ts'

export const address = (text: string): Address => {
  const address = parseAddress(text)
  if (!address) throw new Error(`${text} is no address`)
  return address
}

export const upstream = (text: string): Upstream => {
  const upstream = parseUpstream(text)
  if (!upstream) throw new Error(`${text} is no upstream`)
  return upstream
}

/** Options for a bootstrap, as few as there can be. */
export const envoyOptions = (change: Partial<EnvoyOptions> = {}): EnvoyOptions => ({
  introduction: 'For a test.',
  listen: address('127.0.0.1:8080'),
  gates: [address('127.0.0.1:9001')],
  upstreams: [upstream('127.0.0.1:4200')],
  ports: [8080],
  trustedHops: 0,
  corsOrigins: [],
  corsHeaders: 'authorization, content-type',
  keepsAuthorization: false,
  ...change,
})

/** The text that was rendered. */
export const textOf = (rendered: Rendered): string => {
  if (rendered.kind === 'refused') throw new Error(rendered.problems.join('\n'))
  return rendered.text
}
