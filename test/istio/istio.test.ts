import test from 'ava'
import { runProgram } from '../../scripts/run-program.ts'
import { CI, FORGED, toIdentityLines } from '../e2e/identity-lines.ts'
import { eachRow } from '../e2e/requests/each-row.ts'
import { API } from '../e2e/requests/rows.ts'
import { sendRequest } from '../e2e/send-request.ts'
import { WITH_KEY } from '../e2e/start-stack.ts'
import { makeTemporaryFolder } from '../e2e/temporary-folder.ts'
import { findIstioPrograms } from './istio-programs.ts'
import { shippedForIstio, writeMeshFiles } from './mesh-files.ts'
import { startMesh } from './start-mesh.ts'

const NAMES = { ingress: 'istio-gateway', sidecar: 'istio-sidecar' } as const
const FLOWS = { host: API, path: '/api/flows' }

for (const target of ['ingress', 'sidecar'] as const) {
  const name = NAMES[target]
  eachRow({ name, host: API, hasUi: true, start: () => startMesh(target) })

  test.serial(`${name}: CVE-2025-64484: nothing that a client says about itself reaches the service`, async (t) => {
    const { port, close } = await startMesh(target)
    t.teardown(close)
    const underscored = [
      ['x_auth_request_user', 'root'],
      ['x-auth_request-issuer', 'me'],
    ] as const
    const headers = [...FORGED, ...underscored]
    t.deepEqual(toIdentityLines((await sendRequest(port, { ...FLOWS, headers: [WITH_KEY, ...headers] })).seen), CI)
    const open = await sendRequest(port, { host: API, path: '/api/health', headers })
    t.is(open.status, 200)
    t.deepEqual(toIdentityLines(open.seen), [])
  })

  test.serial(`${name}: timeout, statusOnError, failOpen: without the gate every request is 503`, async (t) => {
    const { port, gate, close } = await startMesh(target)
    t.teardown(close)
    const ask = async () => (await sendRequest(port, { ...FLOWS, headers: [WITH_KEY] })).status
    t.is(await ask(), 200)
    gate.kill('SIGSTOP')
    const start = performance.now()
    t.is(await ask(), 503)
    t.true(performance.now() - start < 5_000)
    gate.kill('SIGCONT')
    await gate.close()
    t.is(await ask(), 503)
    t.is((await sendRequest(port, { host: API, path: '/api/health' })).status, 503)
  })
}

test.serial('istioctl validate and analyze find nothing', async (t) => {
  const { istioctl } = await findIstioPrograms()
  const folder = makeTemporaryFolder()
  t.teardown(folder.remove)
  const { mesh } = writeMeshFiles(folder.path, 'ingress', { gate: 1, app: 1, proxy: 1 })
  for (const target of ['ingress', 'sidecar', 'waypoint'] as const) {
    const file = shippedForIstio(target)
    await t.notThrowsAsync(runProgram(istioctl, ['validate', '-f', file], ''))
    const offline = ['--use-kube=false', '--meshConfigFile', mesh, '--all-namespaces', '--output', 'json']
    t.deepEqual(JSON.parse((await runProgram(istioctl, ['analyze', ...offline, file], '')) || '[]'), [])
  }
})
