import type { Cluster, Request } from '../../src/kubernetes/cluster.ts'
import { readJson } from '../../src/kubernetes/read-status.ts'
import type { KubernetesObject } from '../manifests/kustomize.ts'

export interface Answer {
  readonly code: number
  // biome-ignore lint/suspicious/noExplicitAny: whatever the API says.
  readonly body: any
  /** What the API thinks of it without refusing it. */
  readonly warnings: readonly string[]
}

export interface CreateOptions {
  /** Where it goes, unless it names a namespace itself. */
  readonly namespace: string
  /** Nothing is stored; all else happens, admission included. */
  readonly dryRun?: boolean
}

export type CreateObject = (object: KubernetesObject, options: CreateOptions) => Promise<Answer>

export const sendRequest = async (
  cluster: Cluster,
  method: Request['method'],
  path: string,
  body?: unknown,
): Promise<Answer> => {
  const response = await cluster.send({ method, path, body, signal: AbortSignal.timeout(30_000) })
  return {
    code: response.statusCode ?? 0,
    warnings: [response.headers['warning'] ?? []].flat().map(String),
    body: await readJson(response),
  }
}

/** Creates objects of any kind, as `kubectl create --validate=strict` does: a field that the API does not know is refused. */
export const createCreateObject =
  (cluster: Cluster): CreateObject =>
  async (object, { namespace, dryRun = false }) => {
    const { apiVersion, kind, metadata } = object
    const root = apiVersion === 'v1' ? '/api/v1' : `/apis/${apiVersion}`
    const { body } = await sendRequest(cluster, 'GET', root)
    const resources: readonly { kind: string; name: string; namespaced: boolean }[] = body?.resources ?? []
    const resource = resources.find((candidate) => candidate.kind === kind && !candidate.name.includes('/'))
    if (!resource) throw new Error(`the API knows no ${kind} in ${apiVersion}`)
    const place = resource.namespaced ? `/namespaces/${metadata.namespace ?? namespace}` : ''
    const query = `fieldValidation=Strict${dryRun ? '&dryRun=All' : ''}`
    return sendRequest(cluster, 'POST', `${root}${place}/${resource.name}?${query}`, object)
  }
