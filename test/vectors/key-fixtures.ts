import { hash } from 'node:crypto'
import type { KeyFixture } from './fixture-file.ts'

/** The secret that a client sends. */
export const toSecret = (name: string, { text }: KeyFixture): string =>
  text ?? hash('sha256', `bearergate case ${name}`, 'base64url')

/** The entry of a key set file: the digest and never the secret. `now` is in milliseconds since the epoch. */
export const toKeyEntry = (name: string, fixture: KeyFixture, now: number): Record<string, unknown> => {
  const { id = name, scopes, expires, disabled } = fixture
  return {
    id,
    digest: `sha256:${hash('sha256', toSecret(name, fixture), 'hex')}`,
    ...(scopes && { scopes }),
    ...(expires && { expires: new Date(now + expires.now * 1000).toISOString() }),
    ...(disabled !== undefined && { disabled }),
  }
}
