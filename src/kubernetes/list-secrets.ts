import type { Cluster } from './cluster.ts'
import { type ApiFailure, readJson, toFailure } from './read-status.ts'
import { type Secret, secretListSchema, toSecretsPath } from './secret.ts'

export type SecretList =
  | { readonly kind: 'listed'; readonly secrets: readonly Secret[]; readonly resourceVersion: string }
  | { readonly kind: 'failed'; readonly failure: ApiFailure }

export interface SecretQuery {
  readonly namespace: string
  readonly labelSelector: string
}

const PAGE = '500'

/**
 * Lists the Secrets as they are now, never from an API server's cache that lags behind. Rejects where there is no
 * answer.
 */
export const listSecrets = async (
  cluster: Cluster,
  { namespace, labelSelector }: SecretQuery,
  signal: AbortSignal,
): Promise<SecretList> => {
  const secrets: Secret[] = []
  let resourceVersion = ''
  let next: string | undefined = ''
  while (next !== undefined) {
    const path = toSecretsPath(namespace, { labelSelector, limit: PAGE, ...(next && { continue: next }) })
    const response = await cluster.send({ method: 'GET', path, signal })
    const body = await readJson(response)
    if (response.statusCode !== 200) return { kind: 'failed', failure: toFailure(body, response.statusCode ?? 0) }
    const page = secretListSchema.safeParse(body)
    if (!page.success) return { kind: 'failed', failure: { code: 0, message: 'the answer is no list of Secrets' } }
    secrets.push(...page.data.items)
    resourceVersion = page.data.metadata.resourceVersion
    next = page.data.metadata.continue || undefined
  }
  return { kind: 'listed', secrets, resourceVersion }
}
