import { fileURLToPath } from 'node:url'
import { loadSync, type MethodDefinition, type ServiceDefinition } from '@grpc/proto-loader'
import type { CheckRequest } from '../generated/envoy/service/auth/v3/CheckRequest.ts'
import type { Answer } from './envoy.ts'

const file = fileURLToPath(new URL('../../proto/external_auth.proto', import.meta.url))
const loaded = loadSync(file, { keepCase: true, longs: String, enums: Number })
const service = loaded['envoy.service.auth.v3.Authorization'] as ServiceDefinition

/** The Check method as it is on the wire; absent fields stay absent when bytes are read. */
export const checkMethod = service['Check'] as MethodDefinition<CheckRequest, object, object, Answer>
