import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { parse } from 'yaml'
import { loadConfig } from '../../src/config/load.ts'
import { parseKeyFile } from '../../src/sources/key-file.ts'
import { makeFolder } from '../fixtures/folder.ts'
import { lintTexts, toCodes } from '../lint/lint-texts.ts'
import { buildKustomization, findObject, K8S, type KubernetesObject, parseManifests } from './kustomize.ts'

const build = async (name: string): Promise<readonly KubernetesObject[]> =>
  parseManifests(await buildKustomization(join(K8S, name)))

const MESHES = ['istio', 'istio/sidecar', 'istio/waypoint']

/** Who may call the check port, and on which ports. */
const findAskers = (objects: readonly KubernetesObject[]): KubernetesObject['spec'] =>
  findObject(objects, 'NetworkPolicy', 'bearergate')['spec'].ingress[0]

for (const name of ['envoy', 'prefect', 'envoy-gateway', 'envoy-gateway/gate-tls', ...MESHES]) {
  test(`k8s/${name}: lint finds no hole between what asks the gate and its policy`, async (t) => {
    const manifests = await buildKustomization(join(K8S, name))
    const policy = findObject(parseManifests(manifests), 'ConfigMap', 'bearergate-policy')['data']['bearergate.yaml']
    const beside = MESHES.includes(name) ? [readFileSync(join(K8S, 'istio', 'mesh-config.yaml'), 'utf8')] : []
    t.deepEqual(toCodes(lintTexts(t, policy, manifests, ...beside)), [])
  })
}

for (const mesh of MESHES) {
  test(`k8s/${mesh}: the gate is asked about every request, by no host and no path`, async (t) => {
    const { spec } = findObject(await build(mesh), 'AuthorizationPolicy')
    t.is(spec.action, 'CUSTOM')
    t.deepEqual(spec.rules, [{}])
    t.deepEqual(spec.provider, { name: 'bearergate' })
  })

  test(`k8s/${mesh}: only the mesh reaches the check port, and monitoring the other one`, async (t) => {
    const { spec } = findObject(await build(mesh), 'PeerAuthentication')
    t.is(spec.mtls.mode, 'STRICT')
    t.deepEqual(spec.portLevelMtls, { 9003: { mode: 'PERMISSIVE' } })
  })
}

test('the mesh knows the gate as it is: its Service, a short time-out, closed and 503 without an answer', async (t) => {
  const { meshConfig } = parse(readFileSync(join(K8S, 'istio', 'mesh-config.yaml'), 'utf8'))
  const objects = await build('istio')
  const service = findObject(objects, 'Service', 'bearergate')
  t.deepEqual(meshConfig.extensionProviders, [
    {
      name: findObject(objects, 'AuthorizationPolicy')['spec'].provider.name,
      envoyExtAuthzGrpc: {
        service: `${service.metadata.name}.${service.metadata.namespace}.svc.cluster.local`,
        port: service['spec'].ports[0].port,
        timeout: '1s',
        statusOnError: '503',
        failOpen: false,
      },
    },
  ])
})

test('who asks the gate is who may reach its check port', async (t) => {
  const inNamespace = (name: string) => ({ matchLabels: { 'kubernetes.io/metadata.name': name } })
  t.deepEqual(findAskers(await build('istio')), {
    from: [
      {
        namespaceSelector: inNamespace(
          findObject(await build('istio'), 'AuthorizationPolicy').metadata.namespace ?? '',
        ),
        podSelector: findObject(await build('istio'), 'AuthorizationPolicy')['spec'].selector,
      },
    ],
    ports: [{ port: 'grpc' }],
  })
  const sidecars = await build('istio/sidecar')
  const { selector } = findObject(sidecars, 'AuthorizationPolicy')['spec']
  t.deepEqual(findAskers(sidecars).from, [{ namespaceSelector: inNamespace('prefect'), podSelector: selector }])
  const ambient = await build('istio/waypoint')
  const waypoint = findObject(ambient, 'Gateway').metadata
  const labels = { 'gateway.networking.k8s.io/gateway-name': waypoint.name }
  t.deepEqual(findAskers(ambient), {
    from: [{ namespaceSelector: inNamespace(waypoint.namespace ?? ''), podSelector: { matchLabels: labels } }],
    ports: [{ port: 'grpc' }, { port: 15_008 }],
  })
  const envoy = await build('envoy')
  t.deepEqual(findAskers(envoy).from, [{ podSelector: findObject(envoy, 'Deployment', 'envoy')['spec'].selector }])
})

test('k8s/envoy-gateway: its Envoys alone reach the check port, and its SecurityPolicy is closed', async (t) => {
  for (const name of ['envoy-gateway', 'envoy-gateway/gate-tls']) {
    const objects = await build(name)
    const gateway = findObject(objects, 'Gateway').metadata
    const owner = 'gateway.envoyproxy.io/owning-gateway'
    t.deepEqual(findAskers(objects), {
      from: [
        {
          namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'envoy-gateway-system' } },
          podSelector: { matchLabels: { [`${owner}-name`]: gateway.name, [`${owner}-namespace`]: gateway.namespace } },
        },
      ],
      ports: [{ port: 'grpc' }],
    })
    const { extAuth, targetRefs } = findObject(objects, 'SecurityPolicy')['spec']
    t.false(extAuth.failOpen)
    t.is(extAuth.statusOnError, 503)
    t.deepEqual(extAuth.grpc.backendRefs, [{ name: 'bearergate', namespace: 'bearergate', port: 9001 }])
    t.deepEqual(targetRefs, [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: gateway.name }])
    t.is(findObject(objects, 'ReferenceGrant').metadata.namespace, 'bearergate')
  }
})

test('k8s/envoy-gateway/gate-tls: Envoy checks the certificate, and the probe does without one', async (t) => {
  const objects = await build('envoy-gateway/gate-tls')
  const { targetRefs, validation } = findObject(objects, 'BackendTLSPolicy')['spec']
  t.deepEqual(targetRefs, [{ group: '', kind: 'Service', name: 'bearergate' }])
  t.is(validation.hostname, 'bearergate.bearergate.svc')
  const [container] = findObject(objects, 'Deployment')['spec'].template.spec.containers
  t.deepEqual(container.readinessProbe.httpGet, { path: '/readyz', port: 'ops' })
  t.false('grpc' in container.readinessProbe)
})

test('k8s/envoy: Envoy finds each gate by the headless Service, and a new bootstrap is a rollout', async (t) => {
  const objects = await build('envoy')
  const { spec } = findObject(objects, 'Deployment', 'envoy')['spec'].template
  const name: string = spec.volumes[0].configMap.name
  t.regex(name, /^envoy-[a-z0-9]{10}$/)
  const bootstrap = parse(findObject(objects, 'ConfigMap', name)['data']['envoy.yaml'])
  const gates = bootstrap.static_resources.clusters.find((cluster: { name: string }) => cluster.name === 'bearergate')
  const headless = findObject(objects, 'Service', 'bearergate-pods')
  t.is(headless['spec'].clusterIP, 'None')
  t.is(gates.type, 'STRICT_DNS')
  t.deepEqual(gates.load_assignment.endpoints[0].lb_endpoints[0].endpoint.address.socket_address, {
    address: `${headless.metadata.name}.${headless.metadata.namespace}.svc.cluster.local`,
    port_value: headless['spec'].ports[0].port,
  })
  t.deepEqual(headless['spec'].selector, findObject(objects, 'Service', 'bearergate')['spec'].selector)
  t.is(bootstrap.admin, undefined)
})

test('the policies of the overlays are that of the base, but for where keys come from and TLS', async (t) => {
  const read = (objects: readonly KubernetesObject[]) => {
    const file = join(makeFolder(t), 'bearergate.yaml')
    writeFileSync(file, findObject(objects, 'ConfigMap', 'bearergate-policy')['data']['bearergate.yaml'])
    const loaded = loadConfig(file, {})
    if (loaded.kind === 'refused') throw new Error(JSON.stringify(loaded.problems))
    return loaded.config.file
  }
  const { keys, ...rest } = read(await build('prefect'))
  const base = read(await build('base'))
  t.deepEqual({ ...rest, keys: base.keys }, base)
  t.deepEqual(keys, [{ kubernetes: { labelSelector: 'bearergate.dev/keys=yes' } }])
  const { listen, ...secured } = read(await build('envoy-gateway/gate-tls'))
  t.deepEqual({ ...secured, listen: base.listen }, base)
  t.deepEqual(listen.tls, { certificateFile: '/etc/bearergate/tls/tls.crt', keyFile: '/etc/bearergate/tls/tls.key' })
})

test('k8s/prefect: nobody reaches the Prefect server but Envoy', async (t) => {
  const objects = await build('prefect')
  const { metadata, spec } = findObject(objects, 'NetworkPolicy', 'prefect-server')
  t.is(metadata.namespace, 'prefect')
  const envoy = findObject(objects, 'Deployment', 'envoy')
  t.deepEqual(spec.ingress, [
    {
      from: [
        {
          namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': envoy.metadata.namespace } },
          podSelector: envoy['spec'].selector,
        },
      ],
      ports: [{ port: 4200 }],
    },
  ])
})

test('the example of a key is one, and opens nothing', (t) => {
  const { metadata, stringData } = parse(readFileSync(join(K8S, 'components/key-secrets/key.example.yaml'), 'utf8'))
  t.deepEqual(metadata.labels, { 'bearergate.dev/keys': 'yes' })
  const [[name, text] = ['', '']] = Object.entries<string>(stringData)
  const parsed = parseKeyFile(name, Buffer.from(text))
  t.like(parsed, { kind: 'parsed', records: [{ id: 'example', disabled: true }] })
})
