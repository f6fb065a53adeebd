import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { parse } from 'yaml'
import { findManifestTools } from '../../scripts/manifest-tools.ts'
import { mintKey } from '../../src/key/new-key.ts'
import { eventually } from '../fixtures/eventually.ts'
import {
  buildKustomization,
  findObject,
  K8S,
  type KubernetesObject,
  listKustomizations,
  parseManifests,
  WITHOUT_DEFINITION,
  writeKustomization,
} from '../manifests/kustomize.ts'
import { type ControlPlane, startControlPlane } from './control-plane.ts'
import { type CreateObject, createCreateObject, sendRequest } from './create-object.ts'

/** Where Pod Security Standards are enforced at their strictest. */
const NAMESPACE = 'team-a'

/** Those that the overlays name. */
const OTHER_NAMESPACES = ['bearergate', 'prefect', 'istio-system']

let plane: ControlPlane
let create: CreateObject

const make = async (object: KubernetesObject): Promise<void> => {
  const { code, body } = await create(object, { namespace: NAMESPACE })
  if (code !== 201) throw new Error(`${object.metadata.name}: ${JSON.stringify(body)}`)
}

/** True when the API has taken a new kind up. */
const isServed = async ({ spec }: KubernetesObject): Promise<boolean> => {
  const version = spec.versions.find(({ served }: { readonly served: boolean }) => served)?.name
  const { body } = await sendRequest(plane.admin, 'GET', `/apis/${spec.group}/${version}`)
  return (body?.resources ?? []).some(({ kind }: { readonly kind: string }) => kind === spec.names.kind)
}

test.before(async (t) => {
  t.timeout(900_000)
  plane = await startControlPlane()
  create = createCreateObject(plane.admin)
  const { definitions } = await findManifestTools()
  const objects = readdirSync(definitions).map((name) => JSON.parse(readFileSync(join(definitions, name), 'utf8')))
  for (const object of objects) await make(object)
  for (const object of objects) {
    if (!(await eventually(() => isServed(object), 30_000))) throw new Error(`${object.metadata.name} is not served`)
  }
  const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' }
  await make({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE, labels } })
  for (const name of OTHER_NAMESPACES) await make({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })
})

test.after.always(() => plane?.close())

/** What the API server has against objects, were they created. */
const refusals = async (objects: readonly KubernetesObject[]): Promise<readonly string[]> => {
  const found: string[] = []
  for (const object of objects.filter(({ kind }) => !WITHOUT_DEFINITION.includes(kind))) {
    const name = `${object.kind} ${object.metadata.name}`
    const { code, body, warnings } = await create(object, { namespace: NAMESPACE, dryRun: true })
    // A conflict is found last of all: the object that is there already has the same name.
    if (code !== 201 && code !== 409) found.push(`${name}: ${body.message}`)
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

test('a key reader that names no namespace is the ServiceAccount of the namespace that it is put in', async (t) => {
  const folder = writeKustomization(join(plane.folder, 'nowhere'), {
    resources: ['../base'],
    components: ['../components/key-secrets'],
  })
  const objects = parseManifests(await buildKustomization(folder))
  for (const kind of ['Role', 'RoleBinding']) await make(findObject(objects, kind))
  const mayList = async (account: string): Promise<boolean> => {
    const { body } = await sendRequest(plane.admin, 'POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      spec: {
        user: `system:serviceaccount:${account}`,
        resourceAttributes: { namespace: NAMESPACE, verb: 'list', resource: 'secrets' },
      },
    })
    return body.status.allowed
  }
  t.true(await eventually(() => mayList(`${NAMESPACE}:bearergate`)))
  t.false(await mayList('default:bearergate'))
})
