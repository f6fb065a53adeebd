import { LRUCache } from 'lru-cache'
import type { CertificateCredential, Verified } from '../core/ports.ts'

/** One object for each name that was seen lately: answers are remembered by it. */
const known = new LRUCache<string, Verified>({ max: 1_000 })

/** The proxy has verified the certificate, and the route has chosen who is meant: what is left is to say who it is. */
export const verifyCertificate = ({ name }: CertificateCredential): Verified => {
  const before = known.get(name)
  if (before) return before
  const verified: Verified = {
    kind: 'verified',
    principal: { kind: 'certificate', subject: name, scopes: [], claims: new Map() },
  }
  known.set(name, verified)
  return verified
}
