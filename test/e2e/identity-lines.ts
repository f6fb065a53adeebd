import type { Seen } from './echo-upstream.ts'

/** What a client would like the service to believe: the first name twice, and with dots for hyphens. */
export const FORGED = [
  ['x-auth-request-user', 'root'],
  ['x-auth-request-user', 'admin'],
  ['x-auth-request-issuer', 'https://id.example.com/'],
  ['x-auth-request-scopes', 'all'],
  ['x-auth-request-key-id', 'root'],
  ['x-auth-request-email', 'root@example.com'],
  ['x.auth.request.user', 'root'],
  ['x-auth.request-user', 'root'],
] as const

/** What the service learns about the caller with the key `ci`: these lines and no others. */
export const CI = [
  ['x-auth-request-user', 'ci'],
  ['x-auth-request-key-id', 'ci'],
] as const

/** Each line that names a caller or shows a credential, as the service saw it; undefined when it was not reached. */
export const toIdentityLines = (seen: Seen | undefined): Seen['headers'] | undefined =>
  seen?.headers.filter(([name]) => name.includes('auth'))
