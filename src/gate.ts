import type { Config } from './config/load.ts'
import type { IssuerConfig } from './config/schema.ts'
import { type Check, createCheck } from './core/check.ts'
import { type Routes, toCarriers, toCredentialHeaders } from './core/route.ts'
import type { Observer } from './ops/observer.ts'
import { closePasswords, openPasswords, type Passwords } from './passwords/passwords.ts'
import { createKeyStore, type KeyStore } from './sources/key-store.ts'
import type { Authority } from './verify/authority.ts'
import { createIssuer, type Issuer } from './verify/issuer.ts'
import type { JwkSetStatus } from './verify/jwk-set.ts'
import { type OpenAuthority, openAuthorities } from './verify/open-authorities.ts'
import { createTokenCache } from './verify/token-cache.ts'
import { createVerify } from './verify/verify.ts'
import { createVerifyBearer } from './verify/verify-bearer.ts'
import { createVerifyPassword } from './verify/verify-password.ts'

/** The decision with all that it needs, always as the newest good configuration says. */
export interface Gate {
  readonly check: Check
  /** The headers that the policy reads, by lower-case name. */
  readonly reads: () => ReadonlySet<string>
  /** The headers that some route takes a credential from, and Authorization in any case. */
  readonly credentialHeaders: () => readonly string[]
  /** These, and the identity headers. */
  readonly takenHeaders: () => ReadonlySet<string>
  readonly keys: () => KeyStore
  readonly jwkSets: () => readonly (JwkSetStatus & { readonly issuer: string })[]
  /** False when there is nothing at all to verify a credential with, though a route asks for one. */
  readonly canJudge: () => boolean
  /** What is missing or broken now, in words for `/readyz`. */
  readonly problems: () => readonly string[]
  /** Resolves when each issuer's first fetch has ended, after 5 s at most. */
  readonly settled: Promise<void>
  /** Takes another configuration over, whole; sources and issuers that it did not touch go on as they are. */
  readonly reload: (config: Config) => Promise<void>
  readonly close: () => void
}

interface Parts {
  readonly config: Config
  readonly keys: KeyStore
  readonly issuers: ReadonlyMap<string, Issuer>
  readonly authorities: readonly OpenAuthority[]
  readonly passwords: Passwords
  readonly credentialHeaders: readonly string[]
  readonly takenHeaders: ReadonlySet<string>
  readonly check: Check
}

/** Nobody sets it back. */
const elapsed = (): number => performance.now()

/** How long a start or a reload waits for an issuer that does not answer, in milliseconds. */
const FIRST_FETCH_MILLISECONDS = 5_000

/** Opens the sources; resolves when the keys were read. Issuers go on fetching: until then their tokens are an outage. */
export const createGate = async (config: Config, now: () => number, observer: Observer): Promise<Gate> => {
  const open = async (next: Config, before?: Parts): Promise<Parts> => {
    const openIssuer = (settings: IssuerConfig): Issuer =>
      createIssuer(settings, { now, elapsed, observer }, before?.issuers.get(settings.issuer)?.keys)
    const issuers = new Map(next.file.issuers.map((settings) => [settings.issuer, openIssuer(settings)]))
    const keys = await createKeyStore(next.file.keys, observer, before?.keys)
    // Emptied by each reload: what was verified by other settings is verified anew.
    const tokens = createTokenCache({ max: next.file.cache.tokens, now, onLookup: observer.cached })
    const authorities = openAuthorities(next, { now, elapsed, observer }, before?.authorities)
    const passwords = await openPasswords(toHtpasswdFiles(next.policy.routes), observer, before?.passwords)
    const verify = createVerify({
      bearer: createVerifyBearer({ keys, issuers, authorities: authorities.map(toAuthority), tokens, now }),
      password: createVerifyPassword({ users: (file) => passwords.get(file)?.users(), now }),
    })
    const credentialHeaders = [...new Set(['authorization', ...toCredentialHeaders(next.policy.routes.list)])]
    const check = createCheck(next.policy, verify)
    const takenHeaders = new Set([...credentialHeaders, ...next.policy.identity.keys()])
    return { config: next, keys, issuers, authorities, passwords, credentialHeaders, takenHeaders, check }
  }

  let parts = await open(config)
  const jwkSets = () =>
    [...parts.issuers.values()].map(({ config: { issuer }, keys: { jwkSet } }) => ({ issuer, ...jwkSet.status() }))
  return {
    check: (request) => parts.check(request),
    reads: () => parts.config.policy.reads,
    credentialHeaders: () => parts.credentialHeaders,
    takenHeaders: () => parts.takenHeaders,
    settled: settle([...parts.issuers.values()]),
    keys: () => parts.keys,
    jwkSets,
    canJudge: () => {
      const isAsked = parts.config.policy.routes.list.some(({ rule }) => rule.kind === 'bearer')
      return (
        !isAsked ||
        parts.keys.isUsable() ||
        parts.authorities.length > 0 ||
        [...parts.passwords.values()].some(({ users }) => users() !== undefined) ||
        takesCertificates(parts.config.policy.routes) ||
        [...parts.issuers.values()].some(({ keys: { jwkSet } }) => jwkSet.version() !== undefined)
      )
    },
    problems: () => [
      ...parts.keys.problems(),
      ...parts.authorities.flatMap(({ authority }) => authority.problems()),
      ...[...parts.passwords.values()].flatMap(({ problems }) => problems()),
      ...jwkSets().flatMap(({ issuer, problem }) => (problem === undefined ? [] : [`${issuer}: ${problem}`])),
    ],
    reload: async (next) => {
      const before = parts
      const opened = await open(next, before)
      await settle(toFresh(opened, before))
      parts = opened
      for (const { keys } of toFresh(before, parts)) keys.close()
      before.keys.close(parts.keys)
      closePasswords(before.passwords, parts.passwords)
    },
    close: () => {
      parts.keys.close()
      closePasswords(parts.passwords)
      for (const { keys } of parts.issuers.values()) keys.close()
    },
  }
}

const toAuthority = ({ authority }: OpenAuthority): Authority => authority

const toHtpasswdFiles = ({ list }: Routes): readonly string[] =>
  toCarriers(list).flatMap((carrier) => (carrier.kind === 'basic' ? (carrier.htpasswdFile ?? []) : []))

/** Those are judged already when they come. */
const takesCertificates = ({ list }: Routes): boolean =>
  toCarriers(list).some(({ kind }) => kind === 'clientCertificate')

/** The issuers whose keys the other configuration does not have open. */
const toFresh = ({ issuers }: Parts, other: Parts): readonly Issuer[] => {
  const known = new Set([...other.issuers.values()].map(({ keys }) => keys))
  return [...issuers.values()].filter(({ keys }) => !known.has(keys))
}

/** Waits for the first fetch of each, so that its tokens are not refused for a moment. */
const settle = async (issuers: readonly Issuer[]): Promise<void> => {
  if (issuers.length === 0) return
  let timer: NodeJS.Timeout | undefined
  const patience = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, FIRST_FETCH_MILLISECONDS)
  })
  await Promise.race([Promise.all(issuers.map(({ keys }) => keys.jwkSet.refresh())), patience])
  clearTimeout(timer)
}
