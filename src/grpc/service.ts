import { fileURLToPath } from 'node:url'
import { loadPackageDefinition, type ServiceDefinition } from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'
import type { AuthorizationDefinition } from './generated/envoy/service/auth/v3/Authorization.ts'
import type { ProtoGrpcType } from './generated/external_auth.ts'

/** How messages are read: absent parts stay absent, because their absence means something. */
export const PROTO_OPTIONS = { keepCase: true, longs: Number } as const

export const PROTO_FILE = fileURLToPath(new URL('../../proto/external_auth.proto', import.meta.url))

/** `envoy.service.auth.v3.Authorization`. */
export const loadService = (): AuthorizationDefinition & ServiceDefinition => {
  const definition = loadPackageDefinition(loadSync(PROTO_FILE, PROTO_OPTIONS)) as unknown as ProtoGrpcType
  return definition.envoy.service.auth.v3.Authorization.service as AuthorizationDefinition & ServiceDefinition
}
