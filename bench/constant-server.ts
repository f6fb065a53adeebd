import { Server, ServerCredentials } from '@grpc/grpc-js'

/**
 * The least that a server on @grpc/grpc-js can do: it reads nothing of a Check and lets everything through, with the same
 * bytes. What it costs is not ours.
 */
const [address = ''] = process.argv.slice(2)
const asIs = (bytes: Buffer): Buffer => bytes
/** A CheckResponse with an empty status. */
const LET_THROUGH = Buffer.from([10, 0])

const server = new Server()
server.addService(
  {
    Check: {
      path: '/envoy.service.auth.v3.Authorization/Check',
      requestStream: false,
      responseStream: false,
      requestSerialize: asIs,
      requestDeserialize: asIs,
      responseSerialize: asIs,
      responseDeserialize: asIs,
    },
  },
  { Check: (_call: unknown, answer: (error: null, bytes: Buffer) => void) => answer(null, LET_THROUGH) },
)
server.bindAsync(address, ServerCredentials.createInsecure(), (error) => {
  if (error) throw error
})
