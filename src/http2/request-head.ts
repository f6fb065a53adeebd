import type { DecodeHeaders } from './header-decoder.ts'
import type { Field } from './static-table.ts'

/** What a gRPC server needs to know of a request before its message. */
export interface RequestHead {
  readonly path: string
  /** `grpc-timeout`. */
  readonly timeout: string | undefined
  /** Bytes of the message, where the client says how many there are to be. */
  readonly contentLength: number | undefined
}

/** What a header block held. Fields behind a message (RFC 9113 §8.1) are read by nobody. */
export type ReadBlock =
  | { readonly kind: 'head'; readonly head: RequestHead }
  | { readonly kind: 'trailers' }
  /** RFC 9113 §8.1.1: the request is at fault, and nothing else. */
  | { readonly kind: 'malformed' }
  /** RFC 9113 §4.3: nothing can be read from then on. */
  | { readonly kind: 'undecodable' }

/** RFC 9113 §8.2.2: they speak of a connection, and there is no telling which. */
const CONNECTION_FIELDS = new Set(['connection', 'proxy-connection', 'keep-alive', 'transfer-encoding', 'upgrade'])
const PSEUDO_FIELDS = new Set([':method', ':scheme', ':path', ':authority'])
/** RFC 9113 §8.2.1, RFC 9110 §5.6.2: a token, and no capital letter. */
const FIELD_NAME = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/
/** RFC 9113 §8.2.1: neither a line break nor NUL, and no white space around it. */
const FIELD_VALUE = /^(?![ \t])[^\0\r\n]*(?<![ \t])$/

/** Reads the header blocks of one connection, one after the other. */
export const createHeadReader = (decodeHeaders: DecodeHeaders): ((block: Buffer) => ReadBlock) => {
  const pseudo = new Map<string, string>()
  let timeout: string | undefined
  let contentLength: number | undefined
  let hasRegular = false
  let isMalformed = false

  const isGood = ({ name, value }: Field): boolean => {
    if (!FIELD_VALUE.test(value)) return false
    if (name.startsWith(':')) {
      // RFC 9113 §8.3: known, before all others, once, and never empty but for the authority.
      if (hasRegular || pseudo.has(name) || !PSEUDO_FIELDS.has(name)) return false
      pseudo.set(name, value)
      return value !== '' || name === ':authority'
    }
    hasRegular = true
    switch (name) {
      case 'grpc-timeout':
        timeout = value
        return true
      case 'te':
        return value === 'trailers'
      case 'content-length':
        if (contentLength !== undefined || !/^\d{1,15}$/.test(value)) return false
        contentLength = Number(value)
        return true
      default:
        return FIELD_NAME.test(name) && !CONNECTION_FIELDS.has(name)
    }
  }
  const onField = (field: Field): void => {
    if (!isGood(field)) isMalformed = true
  }

  return (block) => {
    pseudo.clear()
    timeout = undefined
    contentLength = undefined
    hasRegular = false
    isMalformed = false
    if (!decodeHeaders(block, onField)) return UNDECODABLE
    if (isMalformed) return MALFORMED
    if (pseudo.size === 0) return TRAILERS
    const path = pseudo.get(':path')
    const isWhole = path !== undefined && pseudo.has(':method') && pseudo.has(':scheme')
    return isWhole ? { kind: 'head', head: { path, timeout, contentLength } } : MALFORMED
  }
}

const UNDECODABLE = { kind: 'undecodable' } as const
const MALFORMED = { kind: 'malformed' } as const
const TRAILERS = { kind: 'trailers' } as const
