import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Fixtures, loadFixtures } from './fixture-file.ts'
import { type JwkSetServer, listenJwkSets } from './jwk-set-server.ts'
import { toKeyEntry, toSecret } from './key-fixtures.ts'
import { createFill, type Fill } from './placeholders.ts'
import { createSigner, type Signer } from './signers.ts'
import { createMint } from './tokens.ts'

/** Everything that the rows name, made real for one gate: a folder, keys, issuers and tokens. */
export interface World {
  readonly dir: string
  readonly fill: Fill
  readonly jwkSets: JwkSetServer
  /** Entries of a key set file. */
  readonly toKeyEntries: (names: readonly string[]) => Record<string, unknown>[]
  readonly toSecret: (name: string) => string
  /** A JWK Set of the fixtures by name, or one of these signers. */
  readonly toJwkSet: (names: string | readonly string[]) => { keys: unknown[] }
  /** What must never be seen: all secrets, and the payload and signature of all tokens that were made. */
  readonly listSecrets: () => string[]
  readonly listDigests: () => string[]
  readonly close: () => Promise<void>
}

const fixtures: Fixtures = loadFixtures()
const signers: Promise<ReadonlyMap<string, Signer>> = Promise.all(
  Object.entries(fixtures.signers).map(async ([name, fixture]) => [name, await createSigner(fixture)] as const),
).then((entries) => new Map(entries))

/** A world of its own; the key pairs are shared by all worlds of a process. */
export const createWorld = async (): Promise<World> => {
  const known = await signers
  const dir = await mkdtemp(join(tmpdir(), 'bearergate-'))
  const toJwk = (entry: string | Record<string, unknown>) =>
    typeof entry === 'string' ? found(known.get(entry), entry).publicJwk : entry
  const toJwkSet = (names: string | readonly string[]) => ({
    keys: (typeof names === 'string' ? found(fixtures.jwkSets[names], names) : names).map(toJwk),
  })
  const toKeySecret = (name: string) => toSecret(name, found(fixtures.keys[name], name))
  const toEntry = (name: string) => toKeyEntry(name, found(fixtures.keys[name], name), Date.now())
  const toDigest = (name: string) => String(toEntry(name)['digest']).slice('sha256:'.length)

  const jwkSets = await listenJwkSets(
    new Map(Object.keys(fixtures.jwkSets).map((name) => [name, toJwkSet(name).keys])),
    fixtures.introspections,
  )
  const tokens = new Set<string>()
  const fill: Fill = createFill({
    key: toKeySecret,
    digest: toDigest,
    jwt: (name) => {
      const token = mint(name)
      tokens.add(token)
      return token
    },
    jwks: jwkSets.toUrl,
    issuer: jwkSets.toIssuer,
    introspection: jwkSets.toEndpoint,
    keys: (set) => JSON.stringify(toJwkSet(set).keys),
    port: () => new URL(jwkSets.toUrl('')).port,
    dir: () => dir,
    basic: (...parts) => Buffer.from(parts.join(':')).toString('base64'),
    keybasic: (user = '', name = '') => Buffer.from(`${user}:${toKeySecret(name)}`).toString('base64'),
    keyprotocol: (name) => `${PROTOCOL}${Buffer.from(toKeySecret(name)).toString('base64url')}`,
    repeat: (text, count) => text.repeat(Number(count)),
    random: () => randomUUID(),
    now: (seconds) => String(Math.floor(Date.now() / 1000) + Number(seconds)),
  })
  const mint = createMint(fixtures.tokens, known, fill)
  const keyNames = Object.keys(fixtures.keys)

  return {
    dir,
    fill,
    jwkSets,
    toKeyEntries: (names) => names.map(toEntry),
    toSecret: toKeySecret,
    toJwkSet,
    listSecrets: () => [
      ...keyNames.map(toKeySecret),
      ...fixtures.passwords,
      ...[...tokens].flatMap((token) => token.split('.').slice(1)).filter((part) => part.length >= MIN_TELLING),
    ],
    listDigests: () => keyNames.map(toDigest),
    close: async () => {
      await jwkSets.close()
      await rm(dir, { recursive: true, force: true })
    },
  }
}

/** How a token is spelled among the subprotocols of a websocket. */
const PROTOCOL = 'base64url.bearer.authorization.k8s.io.'

/** A shorter part of a token stands in harmless text by chance. */
const MIN_TELLING = 16

const found = <T>(value: T | undefined, name: string): T => {
  if (value === undefined) throw new Error(`the fixtures have no ${name}`)
  return value
}
