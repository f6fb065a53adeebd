import { createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type TLSSocket } from 'node:tls'
import { bind } from '../bind.ts'
import { HANDSHAKE_MILLISECONDS, readCertificates, watchCertificates } from '../certificates.ts'
import type { ConfigFile } from '../config/schema.ts'
import { type Connection, serveConnection } from '../http2/connection.ts'
import type { Stream } from '../http2/stream.ts'
import type { Observer } from '../ops/observer.ts'
import { type AnswerOptions, createAnswerCheck } from './answer-check.ts'
import { endCall, MAX_CALL_BYTES } from './call.ts'
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

/** Small answers leave at once; a peer that has vanished without a word is noticed. Both in the terms of TCP. */
const TCP = { noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000 }

/** Listens; NOT_SERVING until told otherwise. Throws when the address is taken or the TLS files are bad. */
export const listenGrpc = async (
  { grpc: address, tls }: Listen,
  options: AnswerOptions & { readonly observer: Observer },
): Promise<GrpcListener> => {
  const health = createHealth(['', SERVICE])
  const methods = new Map<string, (call: Stream) => void>([
    [`/${SERVICE}/Check`, createAnswerCheck(options)],
    ['/grpc.health.v1.Health/Check', health.check],
    ['/grpc.health.v1.Health/Watch', health.watch],
  ])
  const onRequest = (call: Stream): void => {
    const method = methods.get(call.head.path)
    if (method) method(call)
    else endCall(call, Code.UNIMPLEMENTED, 'no such method')
  }
  const sockets = new Set<Socket>()
  const connections = new Set<Connection>()
  let isClosing = false
  const onSocket = (socket: Socket): void => {
    const connection = serveConnection(socket, { maxBodyBytes: MAX_CALL_BYTES, onRequest })
    // Its handshake ended when all others were told.
    if (isClosing) connection.close()
    connections.add(connection)
    socket.on('close', () => connections.delete(connection))
  }
  const { server, stopWatching } = openServer(tls, options.observer, onSocket)
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  return {
    address: await bind(server, address),
    setServing: health.setServing,
    close: async (timeout) => {
      isClosing = true
      stopWatching()
      health.close()
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      for (const connection of connections) connection.close()
      const force = setTimeout(() => {
        for (const socket of sockets) socket.destroy()
      }, timeout)
      await closed
      clearTimeout(force)
    },
  }
}

const openServer = (
  tls: Listen['tls'],
  observer: Observer,
  onSocket: (socket: Socket) => void,
): { readonly server: Server; readonly stopWatching: () => void } => {
  if (!tls) return { server: createServer(TCP, onSocket), stopWatching: () => {} }
  const certificates = readCertificates(tls)
  const requestCert = tls.clientCaFile !== undefined
  const server = createTlsServer({
    ...TCP,
    ...certificates,
    // RFC 9113 §3.3
    ALPNProtocols: ['h2'],
    requestCert,
    rejectUnauthorized: requestCert,
    handshakeTimeout: HANDSHAKE_MILLISECONDS,
  })
  server.on('secureConnection', (socket: TLSSocket) => {
    if (socket.alpnProtocol === 'h2') onSocket(socket)
    else socket.destroy()
  })
  return {
    server,
    stopWatching: watchCertificates(tls, certificates, observer, (next) => server.setSecureContext(next)),
  }
}
