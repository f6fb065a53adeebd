import type { KubernetesSourceConfig } from '../config/kubernetes-source-schema.ts'
import { toObjectName } from '../key/new-key.ts'
import { openCluster, type Request } from '../kubernetes/cluster.ts'
import { listSecrets } from '../kubernetes/list-secrets.ts'
import { readJson, toFailure } from '../kubernetes/read-status.ts'
import { type Secret, toSecretsPath } from '../kubernetes/secret.ts'
import type { KeyEntry } from '../sources/key-entry.ts'
import { toKubernetesName } from '../sources/kubernetes-source.ts'
import { editKeySet } from './edit-key-set.ts'
import { type HeldEntry, readHeldEntries, toHeldKeys } from './held-secret.ts'
import type { Edit, KeyEditor } from './key-editor.ts'
import { renderKeySet } from './render-entry.ts'
import { toLabels } from './selector-labels.ts'

/** The new text of an entry, undefined to remove it, or why there is none. */
type Rewrite = { readonly kind: 'text'; readonly text: string | undefined } | ReturnType<typeof refused>

/** All entries of all Secrets, or why they cannot be told. */
type HeldEntries = { readonly kind: 'read'; readonly entries: readonly HeldEntry[] } | ReturnType<typeof refused>

const REQUEST_MILLISECONDS = 15_000
const ATTEMPTS = 5

/**
 * Edits the Secrets of a source. A new key gets a Secret of its own with the labels of the selector. A Secret is written
 * only as it was read: when somebody else was faster it is read and changed again, a few times.
 */
export const createKubernetesEditor = async (config: KubernetesSourceConfig): Promise<KeyEditor> => {
  const { labelSelector } = config
  const name = toKubernetesName(config)
  const cluster = await openCluster(config)
  const namespace = config.namespace ?? cluster.namespace

  const send = async (
    method: Request['method'],
    name: string,
    body: unknown,
  ): Promise<Edit & { readonly code: number }> => {
    const path = toSecretsPath(namespace, {}, name)
    const response = await cluster.send({ method, path, body, signal: AbortSignal.timeout(REQUEST_MILLISECONDS) })
    const answer = await readJson(response)
    const code = response.statusCode ?? 0
    if (code >= 200 && code < 300) return { kind: 'done', origin: `${namespace}/${name}`, code }
    return { ...refused(toFailure(answer, code).message), code }
  }
  const readAll = async (): Promise<HeldEntries> => {
    const list = await listSecrets(cluster, { namespace, labelSelector }, AbortSignal.timeout(REQUEST_MILLISECONDS))
    if (list.kind === 'failed') return refused(`${name}: ${list.failure.message}`)
    return { kind: 'read', entries: list.secrets.flatMap(readHeldEntries) }
  }

  const add = async (entry: KeyEntry): Promise<Edit> => {
    const labels = toLabels(labelSelector)
    if (!labels) return refused(`no labels can be told from the selector ${labelSelector}: ${EQUALITY_ONLY}`)
    const all = await readAll()
    if (all.kind === 'refused') return all
    const twin = all.entries.find(({ keys }) => keys.some(({ id }) => id === entry.id))
    if (twin) return refused(`${twin.origin} has a key ${entry.id} already`)
    const name = toObjectName(entry.id)
    const data = { [`${name}.yaml`]: Buffer.from(renderKeySet(entry, false)).toString('base64') }
    const answer = await send('POST', '', { apiVersion: 'v1', kind: 'Secret', metadata: { name, labels }, data })
    if (answer.kind === 'done') return { kind: 'done', origin: `${namespace}/${name}/${name}.yaml` }
    return answer.code === 409 ? refused(`there is a Secret ${namespace}/${name} already: take another id`) : answer
  }

  const edit = async (id: string, toText: (held: HeldEntry, index: number) => Rewrite): Promise<Edit> => {
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const all = await readAll()
      if (all.kind === 'refused') return all
      const held = all.entries.find(({ keys }) => keys.some((key) => key.id === id))
      if (!held) {
        return refused([`${name} has no key ${id}`, ...all.entries.flatMap(({ problems }) => problems)].join('\n'))
      }
      const next = toText(
        held,
        held.keys.findIndex((key) => key.id === id),
      )
      if (next.kind === 'refused') return next
      const answer = await write(held, next.text)
      if (answer.kind === 'done') return { kind: 'done', origin: held.origin }
      if (answer.code !== 409 && answer.code !== 404)
        return { kind: 'refused', reason: `${held.origin}: ${answer.reason}` }
    }
    return refused(OVERTAKEN)
  }
  /** The API refuses it when the Secret is no longer what was read. */
  const write = ({ secret, name: entry }: HeldEntry, text: string | undefined) => {
    const { name, resourceVersion } = secret.metadata
    const { [entry]: _, ...others } = secret.data ?? {}
    const data = text === undefined ? others : { ...others, [entry]: Buffer.from(text).toString('base64') }
    const after: Secret = { ...secret, data }
    const isEmpty = readHeldEntries(after).every(({ kind, keys }) => kind !== 'broken' && keys.length === 0)
    return isEmpty ? send('DELETE', name, { preconditions: { resourceVersion } }) : send('PUT', name, after)
  }

  return {
    name,
    list: async () => {
      const all = await guard(name, readAll)
      return all.kind === 'read' ? all.entries.flatMap(toHeldKeys) : []
    },
    problems: async () => {
      const all = await guard(name, readAll)
      return all.kind === 'read' ? all.entries.flatMap(({ problems }) => problems) : [all.reason]
    },
    add: (entry) => guard(name, () => add(entry)),
    change: (id, toEntry) =>
      guard(name, () =>
        edit(id, (held, index) => {
          const key = held.keys[index]
          return held.kind === 'plain' || !key ? refused(toPlainText(held)) : rewrite(held, index, toEntry(key))
        }),
      ),
    remove: (id) =>
      guard(name, () =>
        edit(id, (held, index) =>
          held.kind === 'plain' ? { kind: 'text', text: undefined } : rewrite(held, index, undefined),
        ),
      ),
    close: async () => {},
  }
}

/** What the network refuses is an outcome, too. */
const guard = async <T>(name: string, work: () => Promise<T>): Promise<T | ReturnType<typeof refused>> => {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error
    return refused(`${name}: ${error.name === 'AbortError' ? 'the API does not answer' : error.message || error.code}`)
  }
}

const rewrite = ({ origin, name, text, keys }: HeldEntry, index: number, after: KeyEntry | undefined): Rewrite => {
  const edited = editKeySet({ text, isJson: name.endsWith('.json'), entries: keys }, index, after)
  return edited === undefined ? refused(`${origin}: ${UNUSUAL}`) : { kind: 'text', text: edited }
}

const refused = (reason: string) => ({ kind: 'refused', reason }) as const

const toPlainText = ({ origin, secret }: HeldEntry): string =>
  `${origin} is a plain secret: it has no place for more. To disable it: kubectl annotate secret -n ` +
  `${secret.metadata.namespace} ${secret.metadata.name} bearergate.dev/disabled=true`

const EQUALITY_ONLY = 'write it as name=value, with commas between several'
const OVERTAKEN = 'others change it at the same time, again and again. Nothing was written: run the command again'
const UNUSUAL = 'it is written in a way that cannot be changed safely by a program (anchors, tags): change it by hand'
