import {
  createSecureServer,
  createServer,
  type Http2SecureServer,
  type Http2Server,
  type SecureServerOptions,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2'
import { bind } from '../bind.ts'
import { HANDSHAKE_MILLISECONDS, readCertificates, watchCertificates } from '../certificates.ts'
import type { ConfigFile } from '../config/schema.ts'
import type { Observer } from '../ops/observer.ts'
import { type AnswerOptions, createAnswerCheck } from './answer-check.ts'
import { endCall } from './call.ts'
import { Code } from './code.ts'
import { createHealth } from './health.ts'

type Listen = Pick<ConfigFile['listen'], 'grpc' | 'tls'>

/** The listener that Envoy asks. */
export interface GrpcListener {
  /** `host:port` with the port that was bound, or `unix:/path`. */
  readonly address: string
  /** What grpc.health.v1 answers, for the empty service name and for the Authorization service. */
  readonly setServing: (isServing: boolean) => void
  /** Lets open calls end for at most that many milliseconds, then cuts them. */
  readonly close: (timeout: number) => Promise<void>
}

const SERVICE = 'envoy.service.auth.v3.Authorization'

/**
 * CVE-2023-44487: Envoy opens and resets as many streams as its own clients make it. Node's limits for that are meant for
 * strangers; they would end a connection which all clients of an Envoy share.
 */
const OPTIONS: SecureServerOptions = {
  streamResetBurst: 1_000_000,
  streamResetRate: 1_000_000,
  maxSessionMemory: 1_000,
  settings: { maxConcurrentStreams: 10_000 },
}
/** How much of a connection may be on its way to us, in bytes: hundreds of messages, where HTTP/2 begins with a dozen. */
const WINDOW_BYTES = 4_194_304

/** Listens; NOT_SERVING until told otherwise. Throws when the address is taken or the TLS files are bad. */
export const listenGrpc = async (
  { grpc: address, tls }: Listen,
  options: AnswerOptions & { readonly observer: Observer },
): Promise<GrpcListener> => {
  const health = createHealth(['', SERVICE])
  const methods = new Map<string | undefined, (stream: ServerHttp2Stream, timeout: string | undefined) => void>([
    [`/${SERVICE}/Check`, createAnswerCheck(options)],
    ['/grpc.health.v1.Health/Check', health.check],
    ['/grpc.health.v1.Health/Watch', health.watch],
  ])
  const { server, stopWatching } = createHttp2Server(tls, options.observer)
  const sessions = new Set<ServerHttp2Session>()
  server.on('session', (session) => {
    sessions.add(session)
    session.setLocalWindowSize(WINDOW_BYTES)
    session.on('close', () => sessions.delete(session))
  })
  server.on('stream', (stream, headers) => {
    // A caller that goes away is no fault, and there is nobody left to be told.
    stream.on('error', () => {})
    const method = methods.get(headers[':path'])
    if (method) method(stream, headers['grpc-timeout'] as string | undefined)
    else endCall(stream, Code.UNIMPLEMENTED, 'no such method')
  })
  return {
    address: await bind(server, address),
    setServing: health.setServing,
    close: async (timeout) => {
      stopWatching()
      health.close()
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      for (const session of sessions) session.close()
      const force = setTimeout(() => {
        for (const session of sessions) session.destroy()
      }, timeout)
      await closed
      clearTimeout(force)
    },
  }
}

const createHttp2Server = (
  tls: Listen['tls'],
  observer: Observer,
): { readonly server: Http2Server | Http2SecureServer; readonly stopWatching: () => void } => {
  if (!tls) return { server: createServer(OPTIONS), stopWatching: () => {} }
  const certificates = readCertificates(tls)
  const requestCert = tls.clientCaFile !== undefined
  const server = createSecureServer({
    ...OPTIONS,
    ...certificates,
    requestCert,
    rejectUnauthorized: requestCert,
    handshakeTimeout: HANDSHAKE_MILLISECONDS,
  })
  const stopWatching = watchCertificates(tls, certificates, observer, (next) => server.setSecureContext(next))
  return { server, stopWatching }
}
