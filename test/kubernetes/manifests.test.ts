import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { parse } from 'yaml'
import { findManifestTools } from '../../scripts/manifest-tools.ts'
import { mintKey } from '../../src/key/new-key.ts'
import {
  buildKustomization,
  findObject,
  K8S,
  type KubernetesObject,
  listKustomizations,
  parseManifests,
  writeKustomization,
} from '../manifests/kustomize.ts'
import { type ControlPlane, startControlPlane } from './control-plane.ts'
import { type CreateObject, createCreateObject } from './create-object.ts'

/** Where Pod Security Standards are enforced at their strictest. */
const NAMESPACE = 'team-a'

let plane: ControlPlane
let create: CreateObject

test.before(async (t) => {
  t.timeout(900_000)
  plane = await startControlPlane()
  create = createCreateObject(plane.admin)
  const { definitions } = await findManifestTools()
  const read = (name: string): KubernetesObject => JSON.parse(readFileSync(join(definitions, name), 'utf8'))
  const objects = readdirSync(definitions).map(read)
  for (const object of objects) {
    const { code, body } = await create(object, { namespace: NAMESPACE })
    if (code !== 201) throw new Error(`${object.metadata.name}: ${JSON.stringify(body)}`)
  }
  const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' }
  await create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE, labels } }, { namespace: NAMESPACE })
})

test.after.always(() => plane?.close())

/** What the API server has against objects, were they created. */
const refusals = async (objects: readonly KubernetesObject[]): Promise<readonly string[]> => {
  const found: string[] = []
  for (const object of objects) {
    const name = `${object.kind} ${object.metadata.name}`
    const { code, body, warnings } = await create(object, { namespace: NAMESPACE, dryRun: true })
    if (code !== 201) found.push(`${name}: ${body.message}`)
    found.push(...warnings.map((warning) => `${name}: ${warning}`))
  }
  return found
}

for (const folder of listKustomizations().whole) {
  test(`k8s/${folder}: the API server takes every object, strictly and without a warning`, async (t) => {
    t.deepEqual(await refusals(parseManifests(await buildKustomization(join(K8S, folder)))), [])
  })
}

for (const component of listKustomizations().components) {
  test(`k8s/${component}: over the base the API server takes every object, strictly and without a warning`, async (t) => {
    const folder = writeKustomization(join(plane.folder, component), {
      namespace: NAMESPACE,
      resources: ['../base'],
      components: [`../${component}`],
    })
    t.deepEqual(await refusals(parseManifests(await buildKustomization(folder))), [])
  })
}

test('the API server refuses a field that it does not know', async (t) => {
  const [service] = parseManifests(await buildKustomization(join(K8S, 'base'))).filter(({ kind }) => kind === 'Service')
  if (!service) throw new Error('there is no Service')
  t.regex(
    (await refusals([{ ...service, spec: { ...service['spec'], misspelt: 1 } }])).join(),
    /unknown field "spec.misspelt"/,
  )
})

test('a pod of the Deployment is let in where the restricted Pod Security Standard is enforced', async (t) => {
  const { template } = findObject(parseManifests(await buildKustomization(join(K8S, 'base'))), 'Deployment')['spec']
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'gate' }, spec: template.spec }
  t.deepEqual(await refusals([pod]), [])
  const careless = { ...pod, spec: { ...pod.spec, securityContext: {} } }
  t.regex((await refusals([careless])).join(), /violates PodSecurity "restricted:latest"/)
})

test('the Secret that `key new --kubernetes` prints is taken as it is, read as YAML 1.1', async (t) => {
  t.deepEqual(await refusals([parse(mintKey({ id: 'Team/CI 1' }).manifest, { version: '1.1' })]), [])
})

test('without a namespace the key reader is refused, rather than bound to somebody else', async (t) => {
  const folder = writeKustomization(join(plane.folder, 'nowhere'), {
    resources: ['../base'],
    components: ['../components/key-secrets'],
  })
  const binding = findObject(parseManifests(await buildKustomization(folder)), 'RoleBinding')
  t.regex((await refusals([binding])).join(), /subjects\[0\].namespace: Required value/)
})
