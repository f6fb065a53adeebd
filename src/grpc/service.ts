import type { MethodDefinition, ServiceDefinition } from '@grpc/grpc-js'

const asBytes = (bytes: Buffer): Buffer => bytes

/** Messages stay bytes here: decode-check.ts and encode-verdict.ts read and write what is needed of them. */
const Check: MethodDefinition<Buffer, Buffer> = {
  path: '/envoy.service.auth.v3.Authorization/Check',
  requestStream: false,
  responseStream: false,
  requestSerialize: asBytes,
  requestDeserialize: asBytes,
  responseSerialize: asBytes,
  responseDeserialize: asBytes,
}

/** `envoy.service.auth.v3.Authorization`. */
export const authorizationService: ServiceDefinition = { Check }
