import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { parse, stringify } from 'yaml'
import { toStoredDigest } from '../../src/key/digest.ts'
import { eventually } from '../fixtures/eventually.ts'
import { makeFolder } from '../fixtures/folder.ts'
import { type CheckClient, connectCheckClient } from '../vectors/check-client.ts'
import { startGateProcess, waitUntilListening } from '../vectors/gate-process.ts'
import { swapMountedSecret } from '../vectors/mounted-secret.ts'
import { buildKustomization, findObject, K8S, parseManifests } from './kustomize.ts'

const SECRET = 'a-secret-of-the-mounted-folder'

/** The Deployment's probes, and its policy with `changes`, its ports and its folder of keys moved to where this test is. */
const readBase = async (keys: string, changes: Readonly<Record<string, unknown>> = {}) => {
  const objects = parseManifests(await buildKustomization(join(K8S, 'base')))
  const shipped = parse(findObject(objects, 'ConfigMap', 'bearergate-policy')['data']['bearergate.yaml'])
  const moved = {
    listen: { grpc: '127.0.0.1:0', ops: '127.0.0.1:0' },
    keys: [{ directory: keys }],
    drain: { delay: '0s' },
  }
  const [container] = findObject(objects, 'Deployment')['spec'].template.spec.containers
  return { probes: container, policy: stringify({ ...shipped, ...moved, ...changes }) }
}

/** A gate as the Deployment starts it, with folders as the kubelet mounts them. */
const startGate = async (t: ExecutionContext, changes?: Readonly<Record<string, unknown>>) => {
  const folder = makeFolder(t)
  const mounts = { policy: join(folder, 'policy'), keys: join(folder, 'keys') }
  const { probes, policy } = await readBase(mounts.keys, changes)
  // A Secret that is optional, and not there.
  await swapMountedSecret(mounts.keys, {})
  await swapMountedSecret(mounts.policy, { 'bearergate.yaml': policy })
  const gate = startGateProcess(join(mounts.policy, 'bearergate.yaml'))
  t.teardown(gate.stop)
  const addresses = await waitUntilListening(gate)
  const client = await connectCheckClient(addresses.grpc)
  t.teardown(client.close)
  const probe = async ({ path }: { readonly path: string }): Promise<number> =>
    (await fetch(`http://${addresses.ops}${path}`)).status
  return {
    mounts,
    policy,
    client,
    isAlive: async () => (await probe(probes.livenessProbe.httpGet)) === 200,
    isStarted: async () => (await probe(probes.startupProbe.httpGet)) === 200,
    readProblems: async () => (await fetch(`http://${addresses.ops}/readyz`)).text(),
    isReady: async () => 'grpc' in probes.readinessProbe && (await client.askHealth()) === 'SERVING',
  }
}

/** The status for a request with the key; 200 for one that is let through. */
const ask = async (client: CheckClient, host: string): Promise<number> => {
  const http = { method: 'GET', host, path: '/api/flows', headers: { authorization: `Bearer ${SECRET}` } }
  const { answer } = await client.check({ attributes: { request: { http } } })
  return (answer.status?.code ?? 0) === 0 ? 200 : Number(answer.denied_response?.status?.code ?? 0)
}

test('without the Secret a gate is alive and ready; the Secret counts once it is mounted, a new policy as well', async (t) => {
  const { mounts, policy, client, ...gate } = await startGate(t)
  t.true(await gate.isStarted())
  t.true(await gate.isAlive())
  t.true(await eventually(gate.isReady))
  t.is(await ask(client, 'api.prefect.example.com'), 401)

  const keys = stringify({ keys: [{ id: 'ci', digest: toStoredDigest(SECRET) }] })
  await swapMountedSecret(mounts.keys, { 'ci.yaml': keys })
  t.true(await eventually(async () => (await ask(client, 'api.prefect.example.com')) === 200))

  t.is(await ask(client, 'api.other.example.com'), 403)
  await swapMountedSecret(mounts.policy, {
    'bearergate.yaml': policy.replaceAll('api.prefect.example.com', 'api.other.example.com'),
  })
  t.true(await eventually(async () => (await ask(client, 'api.other.example.com')) === 200))
  t.is(await ask(client, 'api.prefect.example.com'), 403)
})

test('a gate with nothing to judge by yet is alive, so that it is not killed, and not ready', async (t) => {
  const gate = await startGate(t, {
    keys: [],
    issuers: [{ issuer: 'https://id.example.com/', audiences: ['a'], jwksUri: 'http://127.0.0.1:1/jwks' }],
  })
  t.true(await gate.isStarted())
  t.true(await eventually(async () => (await gate.readProblems()).includes('https://id.example.com/: ')))
  t.true(await gate.isAlive())
  t.false(await gate.isReady())
})
