import type { Asked, BasicCredential, Verification } from '../core/ports.ts'

/** Judges a user name and a password. */
export type VerifyPassword = (credential: BasicCredential, asked: Asked) => Verification | Promise<Verification>
