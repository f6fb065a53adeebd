import { setTimeout as sleep } from 'node:timers/promises'
import type { KubernetesSourceConfig } from '../config/kubernetes-source-schema.ts'
import { openCluster } from '../kubernetes/cluster.ts'
import { followSecrets } from '../kubernetes/follow-secrets.ts'
import { toPace } from '../kubernetes/pace.ts'
import type { Observer } from '../ops/observer.ts'
import type { KeySource } from './key-source.ts'
import { type SecretKeys, toSecretKeys } from './secret-keys.ts'

/** How long the start waits for an API that does not answer, in milliseconds. */
const FIRST_LIST_MILLISECONDS = 5_000
/** The longest time that a timer can wait: beyond it, it fires at once. */
const LONGEST_TIMER_MILLISECONDS = 2 ** 31 - 1

/** As the log, the metrics and the command line call it. */
export const toKubernetesName = ({ namespace, labelSelector }: KubernetesSourceConfig): string =>
  `kubernetes:${namespace === undefined ? '' : `${namespace}/`}${labelSelector}`

/**
 * API keys from the Secrets of one namespace that have a label, always as they are in the cluster. While the API is away
 * the last good keys serve; past `maxStale` they are withheld, for one that was revoked could be among them.
 */
export const createKubernetesSource = async (
  config: KubernetesSourceConfig,
  observer: Observer,
  onChange: () => void,
): Promise<KeySource> => {
  const { namespace, labelSelector, maxStale } = config
  const name = toKubernetesName(config)
  let secrets = new Map<string, SecretKeys>()
  let problem: string | undefined = 'the Secrets were not read yet'
  let currentAt: number | undefined
  let isChanged = false
  let isStale = false
  let timer: NodeJS.Timeout | undefined

  const secretProblems = (): readonly string[] => [...secrets.values()].flatMap((keys) => keys.problems)
  const withhold = (): void => {
    isStale = true
    observer.reloaded('keys', name, [STALE])
    onChange()
  }
  /** Withholds the keys at `end`, on the clock of `performance.now`, unless that is put off before. */
  const withholdAt = (end: number): void => {
    const rest = Math.min(Math.max(0, end - performance.now()), LONGEST_TIMER_MILLISECONDS)
    clearTimeout(timer)
    timer = setTimeout(() => (performance.now() < end ? withholdAt(end) : withhold()), rest)
  }

  const follower = followSecrets(
    { open: () => openCluster(config), namespace, labelSelector, ...toPace(maxStale) },
    {
      listed: (listed) => {
        secrets = new Map(listed.map((secret) => toEntry(secret, secrets)))
        isChanged = true
      },
      happened: ({ type, object }) => {
        if (type === 'DELETED') secrets.delete(object.metadata.name)
        else secrets.set(...toEntry(object, secrets))
        isChanged = true
      },
      current: (time) => {
        currentAt = time
        if (maxStale !== undefined) withholdAt(time + maxStale)
        if (!isChanged && !isStale && problem === undefined) return
        isChanged = false
        isStale = false
        problem = undefined
        observer.reloaded('keys', name, secretProblems())
        onChange()
      },
      failed: (reason) => {
        const isNew = problem !== `${name}: ${reason}`
        problem = `${name}: ${reason}`
        if (isNew) observer.reloaded('keys', name, [reason])
      },
    },
  )
  await Promise.race([follower.tried, sleep(FIRST_LIST_MILLISECONDS, undefined, { ref: false })])

  return {
    name,
    isLoaded: () => currentAt !== undefined && !isStale,
    groups: () => {
      const ordered = [...secrets].toSorted(([a], [b]) => (a < b ? -1 : 1))
      return ordered.flatMap(([, keys]) =>
        isStale ? keys.groups.map((group) => ({ ...group, isWithheld: true })) : keys.groups,
      )
    },
    problems: () => [...(problem ? [problem] : []), ...(isStale ? [`${name}: ${STALE}`] : []), ...secretProblems()],
    age: () => (currentAt === undefined ? undefined : performance.now() - currentAt),
    close: () => {
      clearTimeout(timer)
      follower.close()
    },
  }
}

const STALE = 'nothing was heard from the API for longer than maxStale: its keys get 503'

const toEntry = (secret: Parameters<typeof toSecretKeys>[0], known: ReadonlyMap<string, SecretKeys>) => {
  const { name } = secret.metadata
  return [name, toSecretKeys(secret, known.get(name))] as const
}
