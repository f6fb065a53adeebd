import { stringify } from 'yaml'
import { toStoredDigest } from './digest.ts'
import { mintSecret } from './mint.ts'

/** The fields of an entry of a key set, without its digest. */
export interface NewKey {
  readonly id: string
  readonly scopes?: readonly string[] | undefined
}

/** A minted secret, and what to store of it. */
export interface Minted<K extends NewKey> {
  readonly secret: string
  /** The entry with its digest; empty scopes are left out. */
  readonly entry: K & { readonly digest: string }
  /** YAML: the entry, for the list of a key set. */
  readonly record: string
  /** YAML: a Kubernetes Secret that holds a key set with that entry. */
  readonly manifest: string
}

/** Mints a key. The secret is nowhere but in `secret`: all else holds its digest. */
export const mintKey = <K extends NewKey>({ scopes, ...key }: K): Minted<K> => {
  const secret = mintSecret()
  const { id, ...rest } = key
  const entry = { id, digest: toStoredDigest(secret), ...(scopes && scopes.length > 0 && { scopes }), ...rest }
  const manifest = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: toObjectName(id), labels: { 'bearergate.dev/keys': 'yes' } },
    stringData: { [`${toObjectName(id)}.yaml`]: stringify({ keys: [entry] }, PLAIN) },
  }
  return {
    secret,
    entry: entry as unknown as Minted<K>['entry'],
    record: stringify([entry], PLAIN),
    // Kubernetes reads YAML 1.1, to which a label `yes` without quotes is no text.
    manifest: stringify(manifest, { ...PLAIN, version: '1.1' }),
  }
}

const PLAIN = { lineWidth: 0 } as const

/** An object name (RFC 1123 subdomain) that shows whose key it is. */
export const toObjectName = (id: string): string =>
  `bearergate-key-${id.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}`.slice(0, 63).replace(/-+$/, '')
