/** Where a credential travels in a request, and what it is there. */
export type Carrier =
  | { readonly kind: 'bearer' }
  /** A header of its own that holds a key or a token and nothing else; the name is in lower case. */
  | { readonly kind: 'header'; readonly name: string }
  /** The password is a key or a token; with a file of passwords it is the user's. */
  | { readonly kind: 'basic'; readonly realm: string; readonly htpasswdFile?: string }
  | { readonly kind: 'cookie'; readonly name: string }
  | { readonly kind: 'websocketProtocol' }
  /** Names as Envoy gives them; one that ends in `/*` stands for all below it. Without a list: every one. */
  | { readonly kind: 'clientCertificate'; readonly allowed?: readonly string[] }

export const BEARER: Carrier = { kind: 'bearer' }

/** The header that a carrier is read from; undefined for a certificate, which no header can stand for. */
export const toHeaderName = (carrier: Carrier): string | undefined => {
  switch (carrier.kind) {
    case 'bearer':
    case 'basic':
      return 'authorization'
    case 'header':
      return carrier.name
    case 'cookie':
      return 'cookie'
    case 'websocketProtocol':
      return 'sec-websocket-protocol'
    case 'clientCertificate':
      return undefined
  }
}

/** The header that holds this credential and nothing else; undefined where it shares one with other things. */
export const toOwnHeaderName = (carrier: Carrier): string | undefined =>
  carrier.kind === 'cookie' || carrier.kind === 'websocketProtocol' ? undefined : toHeaderName(carrier)

/** True when two carriers are one and the same: the same place, read in the same way. */
export const isSameCarrier = (one: Carrier, other: Carrier): boolean => JSON.stringify(one) === JSON.stringify(other)
