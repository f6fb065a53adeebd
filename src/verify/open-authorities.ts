import type { Config } from '../config/load.ts'
import type { Authority, AuthorityOptions } from './authority.ts'
import { createIntrospection } from './introspection.ts'
import { createTokenReview } from './token-review.ts'

/** An authority, and what it was opened with. */
export interface OpenAuthority {
  readonly settings: string
  readonly authority: Authority
}

/** Opens all whom the configuration lets us ask. Those that it did not touch stay, with the answers they have given. */
export const openAuthorities = (
  { file, secrets }: Config,
  options: Pick<AuthorityOptions, 'now' | 'elapsed' | 'observer'>,
  before: readonly OpenAuthority[] = [],
): readonly OpenAuthority[] => {
  const all = { ...options, max: file.cache.tokens }
  const open = (settings: string, create: () => Authority): OpenAuthority =>
    before.find((other) => other.settings === settings) ?? { settings, authority: create() }
  return [
    ...file.introspection.map((config) => {
      const secret = secrets.get(config.clientKeyFile ?? config.clientSecretFile ?? '') ?? ''
      return open(JSON.stringify([config, secret, all.max]), () => createIntrospection(config, secret, all))
    }),
    ...file.tokenReview.map((config) => open(JSON.stringify([config, all.max]), () => createTokenReview(config, all))),
  ]
}
