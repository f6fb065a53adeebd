import { join } from 'node:path'
import test from 'ava'
import { stringify } from 'yaml'
import { mintKey } from '../../src/key/new-key.ts'
import { makeFolder } from '../fixtures/folder.ts'
import { findProblems } from './kubeconform.ts'
import { buildKustomization, K8S, listKustomizations, WITHOUT_DEFINITION, writeKustomization } from './kustomize.ts'

test('kubeconform finds nothing in what kustomize builds of each folder, and of each component over the base', async (t) => {
  const { whole, components } = listKustomizations()
  const built: Record<string, string> = {}
  for (const folder of whole) built[folder] = await buildKustomization(join(K8S, folder))
  for (const component of components) {
    const kustomization = { namespace: 'team-a', resources: ['../base'], components: [`../${component}`] }
    built[component] = await buildKustomization(writeKustomization(makeFolder(t), kustomization))
  }
  t.true(Object.hasOwn(built, 'base') && Object.hasOwn(built, 'components/key-secrets'))
  built['key new'] = mintKey({ id: 'Team/CI 1', scopes: ['flow.read'] }).manifest
  t.deepEqual(await findProblems(t, built, WITHOUT_DEFINITION), [])
})

test('kubeconform refuses a field, and a kind, that it does not know', async (t) => {
  const known = {
    'apps/v1': 'Deployment',
    'security.istio.io/v1': 'AuthorizationPolicy',
    'gateway.networking.k8s.io/v1': 'HTTPRoute',
    'gateway.envoyproxy.io/v1alpha1': 'SecurityPolicy',
  }
  const toManifest = (apiVersion: string, kind: string): string =>
    stringify({ apiVersion, kind, metadata: { name: 'a' }, spec: { misspelt: 1 } })
  const manifests = Object.entries(known).map(([version, kind]) => [kind, toManifest(version, kind)])
  const problems = await findProblems(t, {
    ...Object.fromEntries(manifests),
    unheard: toManifest('example.com/v1', 'Unheard'),
  })
  t.is(problems.length, 5)
  for (const kind of Object.values(known))
    t.true(
      problems.some((text) => text.includes(`${kind} a:`) && text.includes('misspelt')),
      kind,
    )
  t.true(problems.some((text) => text.includes('Unheard') && text.includes('could not find schema')))
})
