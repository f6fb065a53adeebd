import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseAllDocuments } from 'yaml'
import type { Cluster, Request } from '../../src/kubernetes/cluster.ts'
import { readJson } from '../../src/kubernetes/read-status.ts'

export const NAMESPACE = 'bearergate'
export const SELECTOR = 'bearergate.dev/keys=yes'
const ROLE = fileURLToPath(new URL('../../k8s/key-reader.yaml', import.meta.url))
const SECRETS = `/api/v1/namespaces/${NAMESPACE}/secrets`

export interface SecretOptions {
  readonly annotations?: Readonly<Record<string, string>>
  readonly labels?: Readonly<Record<string, string>>
}

/** What an administrator does with a cluster. */
export interface KubernetesApi {
  /** Makes the namespace and the shipped ServiceAccount, Role and RoleBinding, and gives a token of that ServiceAccount. */
  readonly prepare: () => Promise<string>
  readonly put: (
    name: string,
    data: Readonly<Record<string, string | Uint8Array>>,
    options?: SecretOptions,
  ) => Promise<void>
  readonly remove: (name: string) => Promise<void>
}

export const createKubernetesApi = (admin: Cluster): KubernetesApi => {
  const send = async (
    method: Request['method'],
    path: string,
    body?: unknown,
  ): Promise<{ code: number; answer: unknown }> => {
    const response = await admin.send({ method, path, body, signal: AbortSignal.timeout(10_000) })
    return { code: response.statusCode ?? 0, answer: await readJson(response) }
  }
  const make = async (path: string, body: unknown): Promise<unknown> => {
    const { code, answer } = await send('POST', path, body)
    if (code >= 300) throw new Error(`${path}: ${JSON.stringify(answer)}`)
    return answer
  }
  return {
    prepare: async () => {
      await make('/api/v1/namespaces', { metadata: { name: NAMESPACE } })
      for (const document of parseAllDocuments(readFileSync(ROLE, 'utf8'))) {
        const object = document.toJS() as { readonly apiVersion: string; readonly kind: string }
        const root = object.apiVersion === 'v1' ? '/api/v1' : `/apis/${object.apiVersion}`
        await make(`${root}/namespaces/${NAMESPACE}/${object.kind.toLowerCase()}s`, object)
      }
      const request = { spec: { expirationSeconds: 3_600 } }
      const account = `/api/v1/namespaces/${NAMESPACE}/serviceaccounts/bearergate/token`
      return ((await make(account, request)) as { readonly status: { readonly token: string } }).status.token
    },
    put: async (name, data, { annotations = {}, labels = { 'bearergate.dev/keys': 'yes' } } = {}) => {
      const encoded = Object.entries(data).map(([entry, content]) => [entry, Buffer.from(content).toString('base64')])
      const secret = { metadata: { name, annotations, labels }, data: Object.fromEntries(encoded) }
      const { code } = await send('PUT', `${SECRETS}/${name}`, secret)
      if (code === 404) await make(SECRETS, secret)
      else if (code >= 300) throw new Error(`${name}: ${code}`)
    },
    remove: async (name) => {
      await send('DELETE', `${SECRETS}/${name}`)
    },
  }
}
