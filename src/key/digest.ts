import { hash } from 'node:crypto'

/**
 * SHA-256 of a secret in lower-case hexadecimal: what is stored in its place. Secrets are random enough (128 bits and
 * more) that a slow password hash would add nothing.
 */
export const toDigest = (secret: string | Uint8Array): string => hash('sha256', secret, 'hex')

/** The digest of a secret as key sets, Secrets and Redis hold it. */
export const toStoredDigest = (secret: string): string => `sha256:${toDigest(secret)}`
