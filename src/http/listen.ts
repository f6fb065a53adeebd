import { createServer, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { bind } from '../bind.ts'
import { type AnswerOptions, createAnswerRequest, TURNED_AWAY, write } from './answer-request.ts'

/** The listener that proxies ask over HTTP. */
export interface HttpListener {
  /** `host:port` with the port that was bound, or `unix:/path`. */
  readonly address: string
  /** Lets open requests end for at most that many milliseconds, then cuts them. */
  readonly close: (timeout: number) => Promise<void>
}

/** Envoy takes 60 KiB of headers by default; a header door gets the client's and the original request beside them. */
const MAX_HEADER_BYTES = 131_072
const HEADERS_MILLISECONDS = 10_000
const REQUEST_MILLISECONDS = 30_000

/** Listens. Throws when the address is taken. */
export const listenHttp = async (address: string, options: AnswerOptions): Promise<HttpListener> => {
  const answer = createAnswerRequest(options)
  let isClosing = false
  const server = createServer(
    {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: HEADERS_MILLISECONDS,
      requestTimeout: REQUEST_MILLISECONDS,
      // The proxy closes what is idle: a request must not meet a connection that is being closed here.
      keepAliveTimeout: 0,
      keepAlive: true,
      // The decision refuses a request without a host, with a verdict.
      requireHostHeader: false,
    },
    (request, response) => {
      if (isClosing) response.shouldKeepAlive = false
      void answer(request, response)
    },
  )
  // Node would drop what is beyond 1,000 lines: a second credential could hide there. The bytes are bounded.
  server.maxHeadersCount = 0
  // No proxy asks with CONNECT but Envoy, about a CONNECT; what is no ordinary request is refused.
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
      const force = setTimeout(() => server.closeAllConnections(), timeout)
      await new Promise<void>((resolve) => server.close(() => resolve()))
      clearTimeout(force)
    },
  }
}
