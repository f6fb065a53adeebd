import { Server, ServerCredentials } from '@grpc/grpc-js'
import { HealthImplementation } from 'grpc-health-check'
import type { ConfigFile } from '../config/schema.ts'
import type { Observer } from '../ops/observer.ts'
import { removeStaleSocket } from '../stale-socket.ts'
import { type AnswerOptions, createAnswerCheck } from './answer-check.ts'
import { authorizationService } from './service.ts'
import { createTlsCredentials } from './tls-credentials.ts'

/** The listener that Envoy asks. */
export interface GrpcListener {
  /** `host:port` with the port that was bound, or `unix:/path`. */
  readonly address: string
  /** What grpc.health.v1 answers, for the empty service name and for the Authorization service. */
  readonly setServing: (isServing: boolean) => void
  /** Lets open calls end for at most that many milliseconds, then cuts them. */
  readonly close: (timeout: number) => Promise<void>
}

/** A Check message is a few KiB; headers are at most 60 KiB in Envoy's defaults. */
const MAX_MESSAGE_BYTES = 1_048_576
const SERVICE_NAME = 'envoy.service.auth.v3.Authorization'

/** Listens; NOT_SERVING until told otherwise. Throws when the address is taken or the TLS files are bad. */
export const listenGrpc = async (
  { grpc: address, tls }: ConfigFile['listen'],
  options: AnswerOptions & { readonly observer: Observer },
): Promise<GrpcListener> => {
  const server = new Server({ 'grpc.max_receive_message_length': MAX_MESSAGE_BYTES })
  server.addService(authorizationService, { Check: createAnswerCheck(options) })
  const health = new HealthImplementation({ '': 'NOT_SERVING', [SERVICE_NAME]: 'NOT_SERVING' })
  health.addToServer(server)

  const secured = tls && createTlsCredentials(tls, options.observer)
  if (address.startsWith('unix:')) await removeStaleSocket(address.slice('unix:'.length))
  const port = await bind(server, address, secured?.credentials ?? ServerCredentials.createInsecure())
  return {
    address: address.startsWith('unix:') ? address : address.replace(/:\d+$/, `:${port}`),
    setServing: (isServing) => {
      for (const name of ['', SERVICE_NAME]) health.setStatus(name, isServing ? 'SERVING' : 'NOT_SERVING')
    },
    close: async (timeout) => {
      secured?.close()
      const force = setTimeout(() => server.forceShutdown(), timeout)
      await new Promise<void>((resolve) => server.tryShutdown(() => resolve()))
      clearTimeout(force)
    },
  }
}

const bind = (server: Server, address: string, credentials: ServerCredentials): Promise<number> =>
  new Promise((resolve, reject) => {
    server.bindAsync(address, credentials, (error, port) => (error ? reject(error) : resolve(port)))
  })
