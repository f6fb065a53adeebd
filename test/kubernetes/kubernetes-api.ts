import type { Cluster } from '../../src/kubernetes/cluster.ts'
import {
  buildKustomization,
  type KubernetesObject,
  parseManifests,
  writeKustomization,
} from '../manifests/kustomize.ts'
import { createCreateObject, sendRequest } from './create-object.ts'

export const NAMESPACE = 'bearergate'
export const SELECTOR = 'bearergate.dev/keys=yes'
const SECRETS = `/api/v1/namespaces/${NAMESPACE}/secrets`

export interface SecretOptions {
  readonly annotations?: Readonly<Record<string, string>>
  readonly labels?: Readonly<Record<string, string>>
}

/** What an administrator does with a cluster. */
export interface KubernetesApi {
  /** Makes the namespace and the shipped ServiceAccount, Role and RoleBinding, and gives a token of that ServiceAccount. What is built goes below `folder`. */
  readonly prepare: (folder: string) => Promise<string>
  readonly put: (
    name: string,
    data: Readonly<Record<string, string | Uint8Array>>,
    options?: SecretOptions,
  ) => Promise<void>
  readonly remove: (name: string) => Promise<void>
}

export const createKubernetesApi = (admin: Cluster): KubernetesApi => {
  const create = createCreateObject(admin)
  const make = async (object: KubernetesObject): Promise<void> => {
    const { code, body } = await create(object, { namespace: NAMESPACE })
    if (code >= 300) throw new Error(`${object.kind} ${object.metadata.name}: ${JSON.stringify(body)}`)
  }
  return {
    prepare: async (folder) => {
      await make({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } })
      const mine = writeKustomization(folder, {
        namespace: NAMESPACE,
        resources: ['../base'],
        components: ['../components/key-secrets'],
      })
      for (const object of parseManifests(await buildKustomization(mine))) await make(object)
      const account = `/api/v1/namespaces/${NAMESPACE}/serviceaccounts/bearergate/token`
      const { body } = await sendRequest(admin, 'POST', account, { spec: { expirationSeconds: 3_600 } })
      return body.status.token
    },
    put: async (name, data, { annotations = {}, labels = { 'bearergate.dev/keys': 'yes' } } = {}) => {
      const encoded = Object.entries(data).map(([entry, content]) => [entry, Buffer.from(content).toString('base64')])
      const metadata = { name, annotations, labels }
      const secret = { apiVersion: 'v1', kind: 'Secret', metadata, data: Object.fromEntries(encoded) }
      const { code } = await sendRequest(admin, 'PUT', `${SECRETS}/${name}`, secret)
      if (code === 404) await make(secret)
      else if (code >= 300) throw new Error(`${name}: ${code}`)
    },
    remove: async (name) => {
      await sendRequest(admin, 'DELETE', `${SECRETS}/${name}`)
    },
  }
}
