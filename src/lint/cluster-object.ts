import type { Part } from './part.ts'

/** A Kubernetes object of any kind. */
export interface ClusterObject {
  readonly kind: string
  /** The group of its API, without the version; empty for the core. */
  readonly group: string
  readonly name: string
  readonly namespace: string
  readonly labels: ReadonlyMap<string, string>
  readonly spec: Part
  readonly part: Part
}

export const toClusterObject = (part: Part): ClusterObject => ({
  kind: part.get('kind').text ?? '',
  group: (part.get('apiVersion').text ?? '').replace(/\/?[^/]*$/, ''),
  name: part.get('metadata', 'name').text ?? '',
  namespace: part.get('metadata', 'namespace').text ?? 'default',
  labels: toLabels(part.get('metadata', 'labels')),
  spec: part.get('spec'),
  part,
})

/** Names and values, as they select and are selected. */
export const toLabels = (part: Part): ReadonlyMap<string, string> =>
  new Map(part.entries().map(([name, value]) => [name, value.text ?? '']))
