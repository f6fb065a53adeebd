import type { Server } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { Socket } from 'node:net'
import { bind } from '../bind.ts'
import { HANDSHAKE_MILLISECONDS, readCertificates, watchCertificates } from '../certificates.ts'
import type { ConfigFile } from '../config/schema.ts'
import { createServer, ServerResponse } from '../node-http.ts'
import { type AnswerOptions, createAnswerRequest, TURNED_AWAY, write } from './answer-request.ts'

/** The listener that proxies ask over HTTP. */
export interface HttpListener {
  /** `host:port` with the port that was bound, or `unix:/path`. */
  readonly address: string
  /** Lets open requests end for at most that many milliseconds, then cuts them. */
  readonly close: (timeout: number) => Promise<void>
}

const OPTIONS = {
  // Envoy takes 60 KiB of headers by default; the other doors get the original request beside them.
  maxHeaderSize: 131_072,
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  // The proxy closes what is idle: a request must not meet a connection that is being closed here.
  keepAliveTimeout: 0,
  keepAlive: true,
  // The decision refuses a request without a host, with a verdict.
  requireHostHeader: false,
}

/** Listens. Throws when the address is taken or the TLS files are bad. */
export const listenHttp = async (
  address: string,
  tls: ConfigFile['listen']['tls'],
  options: AnswerOptions,
): Promise<HttpListener> => {
  const { server, stopWatching } = createHttpServer(tls, options)
  const answer = createAnswerRequest(options)
  let isClosing = false
  server.on('request', (request, response) => {
    if (isClosing) response.shouldKeepAlive = false
    void answer(request, response)
  })
  // Node would drop what is beyond 1,000 lines: a second credential could hide there. The bytes are bounded.
  server.maxHeadersCount = 0
  // Envoy alone asks with the client's own method. A CONNECT is no request for a door.
  server.on('connect', (request, socket) => {
    const response = new ServerResponse(request)
    response.shouldKeepAlive = false
    response.assignSocket(socket as Socket)
    response.on('finish', () => socket.end())
    write(response, TURNED_AWAY)
  })
  return {
    address: await bind(server, address),
    close: async (timeout) => {
      isClosing = true
      stopWatching()
      const force = setTimeout(() => server.closeAllConnections(), timeout)
      await new Promise<void>((resolve) => server.close(() => resolve()))
      clearTimeout(force)
    },
  }
}

const createHttpServer = (
  tls: ConfigFile['listen']['tls'],
  { observer }: AnswerOptions,
): { readonly server: Server; readonly stopWatching: () => void } => {
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
