import { hash } from 'node:crypto'

/**
 * SHA-256 of a secret in lower-case hexadecimal: what is stored in its place. Secrets are random enough (128 bits and
 * more) that a slow password hash would add nothing.
 */
export const toDigest = (secret: string | Uint8Array): string => hash('sha256', secret, 'hex')
