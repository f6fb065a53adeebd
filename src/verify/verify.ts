import type { Verify } from '../core/ports.ts'
import type { VerifyBearer } from './verify-bearer.ts'
import { verifyCertificate } from './verify-certificate.ts'
import type { VerifyPassword } from './verify-password.ts'

export interface Verifiers {
  readonly bearer: VerifyBearer
  readonly password: VerifyPassword
}

/** Judges each kind of credential in its own way. */
export const createVerify =
  ({ bearer, password }: Verifiers): Verify =>
  (credential, accept, asked) => {
    switch (credential.kind) {
      case 'bearer':
        return bearer(credential, accept, asked)
      case 'basic':
        return password(credential, asked)
      case 'certificate':
        return verifyCertificate(credential)
    }
  }
