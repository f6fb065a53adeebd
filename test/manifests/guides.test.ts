import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { parse } from 'yaml'
import { makeFolder } from '../fixtures/folder.ts'
import { buildKustomization, findObject, parseManifests, writeKustomization } from './kustomize.ts'

const GUIDES = fileURLToPath(new URL('../../docs/guides', import.meta.url))
const POLICY = 'routes: [{rule: deny}]\n'

/** What a guide has its readers write into their kustomization: by `cat >`, and by each `cat >>` after it. */
const readKustomization = (guide: string): string =>
  [
    ...readFileSync(join(GUIDES, guide), 'utf8').matchAll(
      /^cat >>? k8s\/mine\/kustomization.yaml <<'END'\n(.*?)^END$/gms,
    ),
  ]
    .map(([, text]) => text)
    .join('')

for (const guide of readdirSync(GUIDES).filter((name) => readKustomization(name) !== '')) {
  test(`docs/guides/${guide}: the kustomization builds, with the reader's image, policy and namespace`, async (t) => {
    const files = { 'bearergate.yaml': POLICY, 'keys/ci.yaml': 'keys: []\n', 'gateway.yaml': '' }
    const folder = writeKustomization(makeFolder(t), parse(readKustomization(guide)), files)
    const objects = parseManifests(await buildKustomization(folder))
    const policy = findObject(objects, 'ConfigMap', 'bearergate-policy')
    t.is(policy['data']['bearergate.yaml'], POLICY)
    const deployment = findObject(objects, 'Deployment', 'bearergate')
    t.is(deployment['spec'].template.spec.containers[0].image, 'registry.example.com/bearergate:0.1.0')
    t.deepEqual([policy.metadata.namespace, deployment.metadata.namespace], ['bearergate', 'bearergate'])
  })
}
