import type { TestFn } from 'ava'
import type { DoorKind } from '../../src/config/door-schema.ts'
import type { Case, Demand } from '../vectors/case-file.ts'
import { toIdentityNames } from '../vectors/policy-file.ts'
import { type AdaptRow, runCases } from '../vectors/run-cases.ts'
import { servePolicy } from '../vectors/serve-policy.ts'
import { askDoor } from './ask-door.ts'

/** Declares a test for each row of the table, asked at a door of that kind over a real connection. */
export const runDoorCases = (test: TestFn, kind: DoorKind): void =>
  runCases(
    test,
    async (policy) => {
      const { served, credentialHeaders, ...gate } = await servePolicy(policy, {
        grpc: '127.0.0.1:0',
        http: '127.0.0.1:0',
      })
      const edited = [
        ...toIdentityNames(policy).map((name) => name.toLowerCase()),
        'authorization',
        ...credentialHeaders,
      ]
      return {
        ...gate,
        policy,
        ask: async (message) => {
          const start = performance.now()
          const answer = await askDoor(served.http ?? '', kind, message, edited)
          return { answer, millis: performance.now() - start }
        },
      }
    },
    adapt(kind),
  )

/** What a door answers otherwise than gRPC, and why. */
const adapt =
  (kind: DoorKind): AdaptRow =>
  (row) => {
    const { clientCertificate, contextExtensions, empty, method } = row.check
    if (empty) return { reason: 'there is no HTTP request without these parts' }
    if (clientCertificate !== undefined) return { reason: 'a certificate travels over gRPC alone' }
    if (contextExtensions.length > 0) return { reason: 'context extensions travel over gRPC alone' }
    if (row.id === 'RT-52') return { reason: 'a space at the end of a target or of a header is cut off' }
    if (kind === 'envoy' && method === 'HEAD') return { reason: 'the answer to a HEAD has no body to be judged' }
    if (kind === 'envoy' && UNPARSED.has(row.id)) return { reason: 'no parser lets it in: see door.test.ts' }
    const why = (kind === 'envoy' ? NO_DOOR : REFUSED).get(row.id)
    if (why !== undefined)
      return { ...row, title: `${row.title}; but 403: ${why}`, expect: { status: 403, error: 'none' } }
    return kind === 'nginx' ? { ...row, expect: toNginx(row.expect) } : row
  }

/** A letter beyond ASCII in the target, a method in small letters, none. */
const UNPARSED = new Set(['RT-47', 'RT-60', 'RT-61'])

const NO_DOOR = new Map([
  ...['RT-57', 'RT-58'].map((id) => [id, 'a path that does not start with a slash leads to no door'] as const),
  ...['PF-11', 'PF-12', 'PF-20'].map((id) => [id, 'no door takes a CONNECT'] as const),
])

/** Where the original request is in headers. */
const REFUSED = new Map([
  ...['ID-03', 'ID-04', 'ID-15', 'ID-16', 'ID-17', 'ID-33', 'ID-34', 'ID-35'].map(
    (id) => [id, 'such a proxy cannot be told to remove another spelling'] as const,
  ),
  ['RT-61', 'there is no method'],
])

/** nginx passes 401 and 403 on and makes 500 of all other statuses: a 400 is a 401 there, its challenge the same. */
const toNginx = (expect: Case['expect']): Case['expect'] =>
  'oneOf' in expect ? { oneOf: expect.oneOf.map(withoutBadRequest) } : withoutBadRequest(expect)

const withoutBadRequest = (demand: Demand): Demand => {
  const statuses = [demand.status].flat().map((status) => (status === 400 ? 401 : status))
  return { ...demand, status: statuses }
}
