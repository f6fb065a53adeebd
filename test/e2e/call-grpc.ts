import { Client, credentials, type ServiceError } from '@grpc/grpc-js'

/** Calls a method below /api through Envoy as a gRPC client does, and gives the error that the client gets. */
export const callGrpc = (port: number, host: string): Promise<ServiceError | null> =>
  new Promise((resolve) => {
    const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), { 'grpc.default_authority': host })
    const asIs = (bytes: Buffer): Buffer => bytes
    client.makeUnaryRequest('/api/greeter.Greeter/Hello', asIs, asIs, Buffer.alloc(0), (error) => {
      client.close()
      resolve(error)
    })
  })
