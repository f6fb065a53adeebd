import { Client, credentials } from '@grpc/grpc-js'
import { checkMethod } from '../vectors/check-method.ts'
import type { GateAddress } from './read-bootstrap.ts'

/** Asks a gate about a request without headers, as Envoy would; true when it lets it through. */
export const askGate = (
  address: GateAddress,
  http: { readonly method: string; readonly host: string; readonly path: string },
): Promise<boolean> =>
  new Promise((resolve, reject) => {
    const client = new Client(address, credentials.createInsecure())
    const { path, requestSerialize, responseDeserialize } = checkMethod
    const message = { attributes: { request: { http } } }
    client.makeUnaryRequest(path, requestSerialize, responseDeserialize, message, (error, answer) => {
      client.close()
      if (error || !answer) reject(error ?? new Error('no answer'))
      else resolve((answer.status?.code ?? 0) === 0)
    })
  })
