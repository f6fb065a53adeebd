import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { stringify } from 'yaml'
import { loadConfig } from '../../src/config/load.ts'
import { makeFolder } from '../fixtures/folder.ts'
import {
  buildKustomization,
  findObject,
  K8S,
  type KubernetesObject,
  parseManifests,
  writeKustomization,
} from './kustomize.ts'

const PACKAGE = JSON.parse(readFileSync(fileURLToPath(new URL('../../package.json', import.meta.url)), 'utf8'))

let base: readonly KubernetesObject[]
let deployment: KubernetesObject
let pod: KubernetesObject['spec']
// biome-ignore lint/suspicious/noExplicitAny: a part of the pod.
let container: any

test.before(async () => {
  base = parseManifests(await buildKustomization(join(K8S, 'base')))
  deployment = findObject(base, 'Deployment')
  pod = deployment['spec'].template.spec
  container = pod.containers[0]
})

const labels = { 'app.kubernetes.io/name': 'bearergate' }

test('it names no namespace, so that it goes wherever the user says', (t) => {
  t.deepEqual(
    base.filter(({ metadata }) => metadata.namespace !== undefined),
    [],
  )
})

test('the rights of the container are none: not root, nothing to write, no capabilities, no token', (t) => {
  t.is(pod.automountServiceAccountToken, false)
  t.is(findObject(base, 'ServiceAccount')['automountServiceAccountToken'], false)
  t.deepEqual(pod.securityContext, {
    runAsGroup: 1000,
    runAsNonRoot: true,
    runAsUser: 1000,
    seccompProfile: { type: 'RuntimeDefault' },
  })
  t.deepEqual(container.securityContext, {
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'] },
    readOnlyRootFilesystem: true,
  })
})

test('two gates at least, and an apply does not undo what the autoscaler did', (t) => {
  t.true(findObject(base, 'HorizontalPodAutoscaler')['spec'].minReplicas >= 2)
  t.false('replicas' in deployment['spec'])
  t.is(findObject(base, 'PodDisruptionBudget')['spec'].maxUnavailable, 1)
  t.deepEqual(deployment['spec'].strategy.rollingUpdate, { maxSurge: 1, maxUnavailable: 0 })
})

test('the policy is one that is accepted, and a stop by it ends before the kubelet kills', (t) => {
  const folder = makeFolder(t)
  const { data } = findObject(base, 'ConfigMap', 'bearergate-policy')
  const [, , path] = container.args as readonly string[]
  const name = path?.replace('/etc/bearergate/policy/', '') ?? ''
  writeFileSync(join(folder, name), data[name])
  const loaded = loadConfig(join(folder, name), {})
  if (loaded.kind === 'refused') throw new Error(JSON.stringify(loaded.problems))
  const { drain, listen, keys } = loaded.config.file
  const milliseconds = container.lifecycle.preStop.sleep.seconds * 1_000 + drain.delay + drain.timeout
  t.true(milliseconds + 5_000 <= pod.terminationGracePeriodSeconds * 1_000)
  const ports = container.ports.map(
    ({ containerPort }: { readonly containerPort: number }) => `0.0.0.0:${containerPort}`,
  )
  t.deepEqual([listen.grpc, listen.ops], ports)
  const mounts = container.volumeMounts.map(({ mountPath }: { readonly mountPath: string }) => mountPath)
  t.deepEqual(
    keys.map(({ directory }) => directory),
    ['/etc/bearergate/keys'],
  )
  t.true(mounts.includes('/etc/bearergate/keys'))
})

test('no volume is a subPath, which would never change', (t) => {
  for (const mount of container.volumeMounts)
    t.deepEqual(Object.keys(mount).toSorted(), ['mountPath', 'name', 'readOnly'])
})

test('no key is among the manifests: an apply takes none away', (t) => {
  t.deepEqual(
    base.filter(({ kind }) => kind === 'Secret'),
    [],
  )
})

test('alive is asked of the ops port, ready of the check port', (t) => {
  t.deepEqual(container.livenessProbe.httpGet, { path: '/livez', port: 'ops' })
  t.deepEqual(container.startupProbe.httpGet, { path: '/livez', port: 'ops' })
  t.deepEqual(container.readinessProbe.grpc, { port: 9001 })
})

test('the Service tells the meshes that the check port is gRPC', (t) => {
  t.deepEqual(findObject(base, 'Service')['spec'], {
    ports: [
      { appProtocol: 'grpc', name: 'grpc', port: 9001, targetPort: 'grpc' },
      { appProtocol: 'http', name: 'ops', port: 9003, targetPort: 'ops' },
    ],
    selector: labels,
  })
})

test('proxies alone may ask, and monitoring alone may read metrics', (t) => {
  t.deepEqual(findObject(base, 'NetworkPolicy')['spec'], {
    podSelector: { matchLabels: labels },
    policyTypes: ['Ingress'],
    ingress: [
      {
        from: [{ namespaceSelector: { matchLabels: { 'bearergate.dev/proxies': 'yes' } } }],
        ports: [{ port: 'grpc' }],
      },
      {
        from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } } }],
        ports: [{ port: 'ops' }],
      },
    ],
  })
})

test('the image is that of this version', (t) => {
  t.is(container.image, `bearergate:${PACKAGE.version}`)
})

test('an overlay of a user sets the namespace, the image, the policy and the keys, whose names stay', async (t) => {
  const mine = writeKustomization(
    makeFolder(t),
    {
      namespace: 'team-a',
      resources: ['../base'],
      components: ['../components/key-secrets'],
      images: [{ name: 'bearergate', newName: 'registry.example.com/bearergate', newTag: '1.2.3' }],
      configMapGenerator: [{ name: 'bearergate-policy', behavior: 'replace', files: ['bearergate.yaml'] }],
      secretGenerator: [{ name: 'bearergate-keys', files: ['keys/ci.yaml'], options: { disableNameSuffixHash: true } }],
    },
    { 'bearergate.yaml': stringify({ routes: [{ rule: 'deny' }] }), 'keys/ci.yaml': 'keys: []\n' },
  )
  const objects = parseManifests(await buildKustomization(mine))
  t.deepEqual([...new Set(objects.map(({ metadata }) => metadata.namespace))], ['team-a'])
  t.is(findObject(objects, 'ConfigMap', 'bearergate-policy')['data']['bearergate.yaml'], 'routes:\n  - rule: deny\n')
  t.is(findObject(objects, 'Secret', 'bearergate-keys')['data']['ci.yaml'], btoa('keys: []\n'))
  const { spec } = findObject(objects, 'Deployment')['spec'].template
  t.is(spec.containers[0].image, 'registry.example.com/bearergate:1.2.3')
  t.deepEqual(spec.volumes, pod.volumes)
  t.is(spec.automountServiceAccountToken, true)
  t.deepEqual(findObject(objects, 'RoleBinding')['subjects'], [
    { kind: 'ServiceAccount', name: 'bearergate', namespace: 'team-a' },
  ])
  t.deepEqual(findObject(objects, 'Role')['rules'], [
    { apiGroups: [''], resources: ['secrets'], verbs: ['get', 'list', 'watch'] },
  ])
})
