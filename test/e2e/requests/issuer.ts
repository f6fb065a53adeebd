import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeSigningKey } from '../../fixtures/signing-key.ts'
import type { PolicyFile } from '../start-gate.ts'
import { makeTemporaryFolder } from '../temporary-folder.ts'

/** An issuer of access tokens whose JWK Set is a file. */
export interface Issuer {
  /** A good token of the caller `svc-reports`. */
  readonly token: string
  /** Makes a gate accept it. */
  readonly addTo: (policy: PolicyFile) => void
  readonly remove: () => void
}

const ISSUER = 'https://id.example.com/'

/** Makes an issuer with a key pair of its own. */
export const makeIssuer = async (): Promise<Issuer> => {
  const { jwk, sign } = await makeSigningKey('only')
  const folder = makeTemporaryFolder()
  const jwksFile = join(folder.path, 'jwks.json')
  writeFileSync(jwksFile, JSON.stringify({ keys: [jwk] }))
  const iat = Math.floor(Date.now() / 1_000)
  const claims = { iss: ISSUER, aud: 'prefect', sub: 'svc-reports', client_id: 'reports', jti: 'one' }
  return {
    token: await sign({ ...claims, iat, exp: iat + 3_600 }),
    addTo: (policy) => {
      policy['issuers'] = [{ issuer: ISSUER, audiences: ['prefect'], jwksFile }]
    },
    remove: folder.remove,
  }
}
