import { stringify } from 'yaml'
import { toDigest } from './digest.ts'
import { mintSecret } from './mint.ts'

export interface NewKey {
  readonly id: string
  readonly scopes: readonly string[]
  /** RFC 3339, in UTC. */
  readonly expires?: string
}

/** A minted secret, and what to store of it. */
export interface Minted {
  readonly secret: string
  /** YAML: an entry for the list of a key set. */
  readonly record: string
  /** YAML: a Kubernetes Secret that holds a key set with that entry. */
  readonly manifest: string
}

/** Mints a key. The secret is nowhere but in `secret`: record and manifest hold its digest. */
export const mintKey = ({ id, scopes, expires }: NewKey): Minted => {
  const secret = mintSecret()
  const entry = {
    id,
    digest: `sha256:${toDigest(secret)}`,
    ...(scopes.length > 0 && { scopes }),
    ...(expires && { expires }),
  }
  const manifest = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: toObjectName(id), labels: { 'app.kubernetes.io/part-of': 'bearergate' } },
    stringData: { [`${toObjectName(id)}.yaml`]: stringify({ keys: [entry] }, PLAIN) },
  }
  return { secret, record: stringify([entry], PLAIN), manifest: stringify(manifest, PLAIN) }
}

const PLAIN = { lineWidth: 0 } as const

/** An object name (RFC 1123 subdomain) that shows whose key it is. */
const toObjectName = (id: string): string =>
  `bearergate-key-${id.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}`.slice(0, 63).replace(/-+$/, '')
