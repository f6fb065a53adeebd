import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse, parseAllDocuments, stringify } from 'yaml'
import { findManifestTools } from '../../scripts/manifest-tools.ts'

/** An object of Kubernetes. */
export interface KubernetesObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: {
    readonly name: string
    readonly namespace?: string
    readonly labels?: Readonly<Record<string, string>>
    readonly annotations?: Readonly<Record<string, string>>
  }
  // biome-ignore lint/suspicious/noExplicitAny: each kind has its own fields; the schemas check them.
  readonly [field: string]: any
}

export const K8S = fileURLToPath(new URL('../../k8s', import.meta.url))

/** Kinds whose definition no package has, so that nothing can check them. */
export const WITHOUT_DEFINITION: readonly string[] = ['ServiceMonitor']

/** What `kustomize build` makes of a folder. */
export const buildKustomization = async (folder: string): Promise<string> => {
  const { kustomize } = await findManifestTools()
  return execFileSync(kustomize, ['build', folder], { encoding: 'utf8' })
}

export const parseManifests = (text: string): readonly KubernetesObject[] =>
  parseAllDocuments(text).map((document) => document.toJS() as KubernetesObject)

/** The only object of a kind, or the one of that name. */
export const findObject = (objects: readonly KubernetesObject[], kind: string, name?: string): KubernetesObject => {
  const found = objects.filter((object) => object.kind === kind && (!name || object.metadata.name === name))
  const [object] = found
  if (!object || found.length > 1) throw new Error(`${found.length} objects are a ${kind} ${name ?? ''}`)
  return object
}

/** The folders below `k8s` that a user builds, and the components that a user adds to one, both without `k8s/`. */
export const listKustomizations = (): { readonly whole: readonly string[]; readonly components: readonly string[] } => {
  const folders = readdirSync(K8S, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('kustomization.yaml'))
    .map(dirname)
    .toSorted()
  const isComponent = (folder: string): boolean =>
    parse(readFileSync(join(K8S, folder, 'kustomization.yaml'), 'utf8')).kind === 'Component'
  return { whole: folders.filter((folder) => !isComponent(folder)), components: folders.filter(isComponent) }
}

/** A user's own folder beside a copy of the shipped ones, below `folder`, with that kustomization and files. */
export const writeKustomization = (
  folder: string,
  kustomization: Readonly<Record<string, unknown>>,
  files: Readonly<Record<string, string>> = {},
): string => {
  cpSync(K8S, join(folder, 'k8s'), { recursive: true })
  const mine = join(folder, 'k8s', 'mine')
  for (const [name, text] of Object.entries({ 'kustomization.yaml': stringify(kustomization), ...files })) {
    mkdirSync(dirname(join(mine, name)), { recursive: true })
    writeFileSync(join(mine, name), text)
  }
  return mine
}
