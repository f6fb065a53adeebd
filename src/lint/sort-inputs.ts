import type { Part } from './part.ts'
import { readDocuments } from './read-documents.ts'

/** The documents of all files, by what they are. */
export interface Inputs {
  /** Envoy bootstraps, config dumps and files of xDS resources: each is a configuration of its own. */
  readonly envoys: readonly Part[]
  /** Istio's mesh configurations. */
  readonly meshes: readonly Part[]
  /** Kubernetes objects of every kind. */
  readonly objects: readonly Part[]
  /** What is none of these. */
  readonly unknown: readonly Part[]
}

/** Tells documents by their shape. Lists and ConfigMaps are looked into. */
export const sortInputs = (documents: readonly Part[]): Inputs => {
  const inputs = { envoys: [] as Part[], meshes: [] as Part[], objects: [] as Part[], unknown: [] as Part[] }
  for (const document of documents) {
    for (const part of unwrap(document)) {
      const kind = toKind(part)
      if (kind !== undefined) inputs[kind].push(part)
    }
  }
  return inputs
}

const toKind = (part: Part): keyof Inputs | undefined => {
  const has = (...names: readonly string[]): boolean => names.some((name) => part.get(name).isThere)
  if (has('kind') && has('api_version')) return 'objects'
  if (has('static_resources', 'dynamic_resources', 'configs', 'resources')) return 'envoys'
  if (has('extension_providers', 'path_normalization', 'default_providers', 'trust_domain')) return 'meshes'
  // A policy of ours may lie in the same folder.
  return has('routes') && has('listen', 'keys', 'issuers') ? undefined : 'unknown'
}

/** What a document wraps: `kubectl get -o yaml`, egctl's output, IstioOperator, Helm values, files in a ConfigMap. */
const unwrap = (part: Part): readonly Part[] => {
  const kind = part.get('kind').text
  if (kind?.endsWith('List') && part.get('items').isThere) return part.get('items').items().flatMap(unwrap)
  if (kind === 'ConfigMap')
    return [
      part,
      ...part
        .get('data')
        .entries()
        .flatMap(([name, text]) => readEntry(name, text)),
    ]
  const wrapped = [part.get('spec', 'mesh_config'), part.get('mesh_config')].find(({ isThere }) => isThere)
  if (wrapped) return [wrapped]
  const translated = part.get('xds').entries()
  return translated.length > 0 ? translated.map(([, gateway]) => gateway) : [part]
}

/** A file in a ConfigMap, where it is one that can be looked into. Any other text is left alone. */
const readEntry = (name: string, entry: Part): readonly Part[] => {
  if (entry.text === undefined || !(name === 'mesh' || /\.(?:ya?ml|json)$/.test(name))) return []
  const { file, line } = entry.place()
  // A block scalar starts in the line below its name.
  const { parts, unreadable } = readDocuments(file, entry.text, entry.text.includes('\n') ? line : line - 1)
  const known = parts.filter((part) => ['envoys', 'meshes'].includes(toKind(part) ?? ''))
  return unreadable.length > 0 ? [] : known
}
