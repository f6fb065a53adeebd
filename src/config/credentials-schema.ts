import * as z from 'zod'
import { BEARER, type Carrier } from '../core/carrier.ts'
import { file, line } from './fields.ts'

/** Headers that mean something else to a proxy or a server, and those that have a way of their own to be taken. */
const RESERVED = new Set([
  ...['host', 'authorization', 'proxy-authorization', 'cookie', 'set-cookie', 'forwarded', 'sec-websocket-protocol'],
  ...['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade'],
  ...['content-length', 'content-type', 'content-encoding', 'expect', 'via', 'date', 'range', 'x-request-id'],
  ...['origin', 'access-control-request-method', 'sec-fetch-site'],
])

/** x-forwarded-access-token and its like are set by a proxy that has logged somebody in. */
const isHeaderName = (name: string): boolean =>
  /^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(name) &&
  !RESERVED.has(name) &&
  !/^x-(?:envoy|original)-|^x-forwarded-(?!.*token$)/.test(name)

const headerName = z
  .string()
  .transform((name) => name.toLowerCase())
  .refine(isHeaderName, 'use a header such as x-api-key: this name routes, frames or authenticates in another way')

/** RFC 6265 §4.1.1. */
const cookieName = z.string().regex(/^[\w!#$%&'*+.^`|~-]+$/, 'a cookie has a name without spaces, = and ;')

const certificateName = line.refine(
  (name) => !name.replace(/\/\*$/, '').includes('*'),
  'write a name as it stands in the certificate, such as spiffe://td/ns/x/sa/y; one that ends in /* is for all below it',
)

/** Where a route looks for a credential. */
export const credentialSchema = z.union(
  [
    z.enum(['bearer', 'basic', 'websocketProtocol', 'clientCertificate']),
    z.strictObject({ header: headerName }),
    z.strictObject({ cookie: cookieName }),
    z.strictObject({
      basic: z.strictObject({
        realm: line.optional(),
        htpasswdFile: file.optional().describe('Without it the password is an API key or an access token.'),
      }),
    }),
    z.strictObject({
      clientCertificate: z.strictObject({ allowed: z.array(certificateName).min(1, 'the list is empty').optional() }),
    }),
  ],
  'write bearer, basic, websocketProtocol, clientCertificate, {header: NAME}, {cookie: NAME}, {basic: {…}} or {clientCertificate: {…}}',
)

export type CredentialConfig = z.output<typeof credentialSchema>

/** The carrier that a line of the configuration means. */
export const toCarrier = (credential: CredentialConfig, realm: string): Carrier => {
  if (credential === 'bearer') return BEARER
  if (credential === 'basic') return { kind: 'basic', realm }
  if (typeof credential === 'string') return { kind: credential }
  if ('header' in credential) return { kind: 'header', name: credential.header }
  if ('cookie' in credential) return { kind: 'cookie', name: credential.cookie }
  if ('basic' in credential) {
    const { realm: own = realm, htpasswdFile } = credential.basic
    return { kind: 'basic', realm: own, ...(htpasswdFile !== undefined && { htpasswdFile }) }
  }
  const { allowed } = credential.clientCertificate
  return { kind: 'clientCertificate', ...(allowed && { allowed }) }
}

/** True when neither a key nor a token is meant, but a person or a workload, which have no scopes. */
export const isWithoutKey = (credential: unknown): boolean => {
  if (credential === 'clientCertificate') return true
  const { basic, clientCertificate } = (credential ?? {}) as {
    basic?: { htpasswdFile?: unknown }
    clientCertificate?: unknown
  }
  return clientCertificate !== undefined || basic?.htpasswdFile !== undefined
}

/** Tells two lines that mean the same place. */
export const toPlace = (credential: unknown): string => {
  if (typeof credential !== 'object' || credential === null) return String(credential)
  const [kind = '', value] = Object.entries(credential)[0] ?? []
  return typeof value === 'string' ? `${kind} ${value.toLowerCase()}` : kind
}

/** The same with an absolute path. */
export const withAbsoluteFile = (credential: CredentialConfig, at: (path: string) => string): CredentialConfig => {
  if (typeof credential === 'string' || !('basic' in credential)) return credential
  const { htpasswdFile, ...others } = credential.basic
  return { basic: { ...others, ...(htpasswdFile !== undefined && { htpasswdFile: at(htpasswdFile) }) } }
}
