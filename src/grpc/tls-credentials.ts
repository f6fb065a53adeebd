import { readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { createSecureContext } from 'node:tls'
import { experimental, type ServerCredentials } from '@grpc/grpc-js'
import type { ConfigFile } from '../config/schema.ts'
import type { Observer } from '../ops/observer.ts'
import { watchFolders } from '../watch-folders.ts'

type Tls = NonNullable<ConfigFile['listen']['tls']>
type Provider = Parameters<typeof experimental.createCertificateProviderServerCredentials>[0]
type IdentityListener = Parameters<Provider['addIdentityCertificateListener']>[0]
type CaListener = Parameters<Provider['addCaCertificateListener']>[0]

interface Certificates {
  readonly certificate: Buffer
  readonly privateKey: Buffer
  readonly caCertificate: Buffer | undefined
}

/**
 * TLS for the listener, read again when its files change; files that do not fit together change nothing. With
 * `clientCaFile` a client must show a certificate of that CA. Throws when the files are bad at the start.
 */
export const createTlsCredentials = (
  tls: Tls,
  observer: Observer,
): { readonly credentials: ServerCredentials; readonly close: () => void } => {
  const identityListeners = new Set<IdentityListener>()
  const caListeners = new Set<CaListener>()
  let current = readCertificates(tls)

  // grpc-js 1.14 forgets what a listener is told before its adding has returned.
  const provider: Provider = {
    addIdentityCertificateListener: (listener) => {
      identityListeners.add(listener)
      queueMicrotask(() => listener(current))
    },
    removeIdentityCertificateListener: (listener) => void identityListeners.delete(listener),
    addCaCertificateListener: (listener) => {
      caListeners.add(listener)
      queueMicrotask(() => listener(toCaUpdate(current)))
    },
    removeCaCertificateListener: (listener) => void caListeners.delete(listener),
  }
  let problem: string | undefined
  const reload = (): void => {
    try {
      const next = readCertificates(tls)
      if (problem === undefined && isSame(current, next)) return
      current = next
      problem = undefined
      for (const listener of caListeners) listener(toCaUpdate(current))
      for (const listener of identityListeners) listener(current)
      observer.reloaded('tls', tls.certificateFile, [])
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      if (message !== problem) observer.reloaded('tls', tls.certificateFile, [message])
      problem = message
    }
  }

  const files = [tls.certificateFile, tls.keyFile, ...(tls.clientCaFile ? [tls.clientCaFile] : [])]
  return {
    // grpc-js 1.14 takes the identity first and the client CA second, whatever its parameters are called.
    credentials: experimental.createCertificateProviderServerCredentials(
      provider,
      tls.clientCaFile ? provider : null,
      tls.clientCaFile !== undefined,
    ),
    close: watchFolders(files.map(dirname), reload),
  }
}

const readCertificates = ({ certificateFile, keyFile, clientCaFile }: Tls): Certificates => {
  const certificate = readFileSync(certificateFile)
  const privateKey = readFileSync(keyFile)
  const caCertificate = clientCaFile === undefined ? undefined : readFileSync(clientCaFile)
  // Throws when the key does not belong to the certificate, as half-way through a rotation.
  createSecureContext({ cert: certificate, key: privateKey, ...(caCertificate && { ca: caCertificate }) })
  return { certificate, privateKey, caCertificate }
}

const toCaUpdate = ({ caCertificate }: Certificates) => (caCertificate ? { caCertificate } : null)

const isSame = (a: Certificates, b: Certificates): boolean =>
  a.certificate.equals(b.certificate) &&
  a.privateKey.equals(b.privateKey) &&
  (a.caCertificate ?? EMPTY).equals(b.caCertificate ?? EMPTY)

const EMPTY = Buffer.alloc(0)
