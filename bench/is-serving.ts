import { Client, credentials } from '@grpc/grpc-js'

/** A HealthCheckResponse that says SERVING. */
const SERVING = Buffer.from([8, 1])
const asIs = (bytes: Buffer): Buffer => bytes

/** Asks gRPC's health service once: true for SERVING, false for all else. */
export const isServing = (address: string): Promise<boolean> =>
  new Promise((resolve) => {
    const client = new Client(address, credentials.createInsecure())
    client.makeUnaryRequest('/grpc.health.v1.Health/Check', asIs, asIs, Buffer.alloc(0), (_, answer) => {
      client.close()
      resolve(answer?.equals(SERVING) ?? false)
    })
  })
