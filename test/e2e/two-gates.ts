import type { ExecutionContext } from 'ava'
import { json, listenEndpoint } from '../fixtures/key-endpoint.ts'
import { makeSigningKey } from '../fixtures/signing-key.ts'
import type { RunningEnvoy } from './start-envoy.ts'
import { type PolicyFile, type RunningGate, startGate } from './start-gate.ts'
import { KEY, startStack } from './start-stack.ts'
import type { Wanted } from './steady-load.ts'
import { waitFor } from './wait-for.ts'

/** Two gates behind one Envoy with the shipped settings. */
export interface TwoGates {
  readonly envoy: RunningEnvoy
  readonly gates: readonly RunningGate[]
  /** Every kind of request, and its outcome. */
  readonly wanted: readonly Wanted[]
  /** Starts a gate that listens where one did that has ended. */
  readonly startAgain: (gate: RunningGate) => Promise<void>
  /** Waits until Envoy spreads the requests over so many gates. */
  readonly untilAsked: (gates: number) => Promise<unknown>
}

const ISSUER = 'https://id.example.com/'
const HOST = 'api.prefect.example.com'

/** Starts them, with an issuer of access tokens beside the API keys; they end with the test. */
export const startTwoGates = async (t: ExecutionContext): Promise<TwoGates> => {
  const { jwk, sign } = await makeSigningKey('only')
  const jwks = await listenEndpoint(t, json({ keys: [jwk] }))
  const policy = (file: PolicyFile): void => {
    file['issuers'] = [{ issuer: ISSUER, audiences: ['prefect'], jwksUri: `${jwks.url}/jwks` }]
  }
  const { envoy, gates, close } = await startStack('front-proxy', { gates: 2, workers: 2, policy })
  t.teardown(close)

  const iat = Math.floor(Date.now() / 1_000)
  const claims = { iss: ISSUER, aud: 'prefect', sub: 'svc-reports', client_id: 'reports', jti: 'one' }
  const token = await sign({ ...claims, iat, exp: iat + 3_600 })
  const api = { host: HOST, path: '/api/flows' }
  const wanted = [
    { ...api, authorization: `Bearer ${KEY}`, outcome: '200 ci' },
    { ...api, outcome: '401 -' },
    { ...api, authorization: `Bearer ${token}`, outcome: '200 svc-reports' },
    { ...api, authorization: 'Bearer e2e-never-given-out', outcome: '401 -' },
    { host: HOST, path: '/api/health', outcome: '200 -' },
  ]
  const startAgain = async ({ address }: RunningGate): Promise<void> => {
    const gate = await startGate('front-proxy', { ci: KEY }, (file) => {
      policy(file)
      file.listen.grpc = address
    })
    t.teardown(gate.close)
  }
  const untilAsked = (count: number) =>
    waitFor(
      `Envoy asks ${count} gates`,
      async () => (await envoy.gateStat('membership_healthy')) === count || undefined,
    )
  return { envoy, gates, wanted, startAgain, untilAsked }
}
