import { readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { createSecureContext, type SecureContextOptions } from 'node:tls'
import { isDeepStrictEqual } from 'node:util'
import type { ConfigFile } from './config/schema.ts'
import type { Observer } from './ops/observer.ts'
import { watchFolders } from './watch-folders.ts'

type Tls = NonNullable<ConfigFile['listen']['tls']>

/**
 * How long a handshake may take, in milliseconds. A connection that never ends its own keeps a listener open; Node would
 * wait for two minutes.
 */
export const HANDSHAKE_MILLISECONDS = 5_000

/** Certificate and key of a listener, and the CA that its clients must have theirs from. Throws when they do not fit. */
export const readCertificates = ({ certificateFile, keyFile, clientCaFile }: Tls): SecureContextOptions => {
  const certificates = {
    cert: readFileSync(certificateFile),
    key: readFileSync(keyFile),
    ...(clientCaFile !== undefined && { ca: readFileSync(clientCaFile) }),
  }
  // Throws when the key does not belong to the certificate, as half-way through a rotation.
  createSecureContext(certificates)
  return certificates
}

/** Hands the files over whenever they change and fit together; others change nothing. Returns a function that ends it. */
export const watchCertificates = (
  tls: Tls,
  first: SecureContextOptions,
  observer: Observer,
  onChange: (certificates: SecureContextOptions) => void,
): (() => void) => {
  let current = first
  let problem: string | undefined
  const reload = (): void => {
    try {
      const next = readCertificates(tls)
      if (problem === undefined && isDeepStrictEqual(current, next)) return
      onChange(next)
      current = next
      problem = undefined
      observer.reloaded('tls', tls.certificateFile, [])
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      if (message !== problem) observer.reloaded('tls', tls.certificateFile, [message])
      problem = message
    }
  }
  const files = [tls.certificateFile, tls.keyFile, ...(tls.clientCaFile === undefined ? [] : [tls.clientCaFile])]
  return watchFolders(files.map(dirname), reload)
}
