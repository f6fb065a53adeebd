import { Client, credentials, Metadata, type MethodDefinition } from '@grpc/grpc-js'
import { service as health } from 'grpc-health-check'
import type { CheckRequest } from '../generated/envoy/service/auth/v3/CheckRequest.ts'
import { checkMethod } from './check-method.ts'
import type { Answer } from './envoy.ts'

/** Envoy's side of the conversation. */
export interface CheckClient {
  /** Asks, and says how long the answer took. A gRPC error rejects: to Envoy that is an outage, never a verdict. */
  readonly check: (message: CheckRequest) => Promise<{ readonly answer: Answer; readonly millis: number }>
  /** What grpc.health.v1 says about the empty service name. */
  readonly askHealth: () => Promise<string>
  readonly close: () => void
}

/** Generous: whoever does not answer within this time hangs. In milliseconds. */
const PATIENCE = 15_000

/** Opens a channel to host:port and waits until somebody listens there. */
export const connectCheckClient = async (address: string): Promise<CheckClient> => {
  const client = new Client(address, credentials.createInsecure(), {
    'grpc.initial_reconnect_backoff_ms': 50,
    'grpc.max_reconnect_backoff_ms': 200,
    'grpc.use_local_subchannel_pool': 1,
  })
  await new Promise<void>((resolve, reject) =>
    client.waitForReady(Date.now() + PATIENCE, (error) => (error ? reject(error) : resolve())),
  )
  const call = <Q, A>(method: MethodDefinition<Q, A>, question: Q): Promise<A> =>
    new Promise((resolve, reject) => {
      const deadline = Date.now() + PATIENCE
      client.makeUnaryRequest(
        method.path,
        method.requestSerialize,
        method.responseDeserialize,
        question,
        new Metadata(),
        { deadline },
        (error, answer) => (error || answer === undefined ? reject(error) : resolve(answer)),
      )
    })
  return {
    check: async (message) => {
      const start = performance.now()
      const answer = await call(checkMethod as MethodDefinition<CheckRequest, Answer>, message)
      return { answer, millis: performance.now() - start }
    },
    askHealth: async () => {
      const answer = await call(health['Check'] as MethodDefinition<object, { status: string }>, { service: '' })
      return answer.status
    },
    close: () => client.close(),
  }
}
