import { setTimeout as sleep } from 'node:timers/promises'
import { toBackoff } from './backoff.ts'
import type { Cluster } from './cluster.ts'
import { listSecrets } from './list-secrets.ts'
import type { Secret, WatchEvent } from './secret.ts'
import { type Turn, toProblem, toReason, toTurn } from './turn.ts'
import { watchSecrets } from './watch-secrets.ts'

/** Who is told what happens to the Secrets. */
export interface SecretListener {
  /** These are all there are. */
  readonly listed: (secrets: readonly Secret[]) => void
  /** One was added, changed, or left: it was deleted, or lost its label. */
  readonly happened: (event: WatchEvent & { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' }) => void
  /** All that happened before that time (of `performance.now`) was told. */
  readonly current: (time: number) => void
  /** In words, without secrets. It goes on trying. */
  readonly failed: (problem: string) => void
}

export interface FollowOptions {
  /** Called again after each failure: credentials and addresses change. */
  readonly open: () => Promise<Cluster>
  readonly namespace: string | undefined
  readonly labelSelector: string
  /** How long a list may take, in milliseconds. */
  readonly list: number
  /** How long one watch lasts: an API that is silent for longer is away. In milliseconds, whole seconds. */
  readonly watch: number
  /** How much later than asked a watch may end, and how long at most to wait between attempts, in milliseconds. */
  readonly grace: number
  readonly greatestBackoff: number
}

export interface Follower {
  /** Resolves when the first list has ended, well or not. */
  readonly tried: Promise<void>
  readonly close: () => void
}

/** A watch that ends sooner is no proof that the API is well. */
const SHORT_MILLISECONDS = 500

/**
 * Lists the Secrets, then watches them, for as long as it is not closed. Each watch is short and starts where the last
 * one ended, so that nothing is missed and a dead connection is noticed.
 */
export const followSecrets = (options: FollowOptions, listener: SecretListener): Follower => {
  const { labelSelector, watch, grace, greatestBackoff } = options
  const closing = new AbortController()
  let cluster: Cluster | undefined
  let version: string | undefined

  const list = async (api: Cluster, namespace: string, signal: AbortSignal): Promise<Turn> => {
    const start = performance.now()
    const list = await listSecrets(api, { namespace, labelSelector }, signal)
    if (list.kind === 'failed') return toTurn(list.failure)
    version = list.resourceVersion
    listener.listed(list.secrets)
    listener.current(start)
    return { kind: 'went' }
  }

  const follow = async (api: Cluster, namespace: string, from: string, signal: AbortSignal): Promise<Turn> => {
    const start = performance.now()
    let isOpen = false
    try {
      const query = { namespace, labelSelector, resourceVersion: from, timeoutSeconds: Math.round(watch / 1_000) }
      for await (const batch of watchSecrets(api, query, signal)) {
        isOpen = true
        if (batch.kind === 'failed') return toTurn(batch.failure)
        for (const event of batch.events) {
          version = event.object.metadata.resourceVersion
          if (event.type !== 'BOOKMARK') listener.happened(event)
        }
        if (batch.events.length > 0) listener.current(performance.now())
      }
      if (performance.now() - start < SHORT_MILLISECONDS) return { kind: 'cut' }
      listener.current(performance.now())
      return { kind: 'went' }
    } catch (error) {
      if (isOpen && !signal.aborted) return { kind: 'cut' }
      throw error
    }
  }

  const turn = async (): Promise<Turn> => {
    const limit = version === undefined ? options.list : watch + grace
    const timeout = AbortSignal.timeout(limit)
    const signal = AbortSignal.any([closing.signal, timeout])
    try {
      cluster ??= await options.open()
      const namespace = options.namespace ?? cluster.namespace
      return await (version === undefined
        ? list(cluster, namespace, signal)
        : follow(cluster, namespace, version, signal))
    } catch (error) {
      if (closing.signal.aborted) return { kind: 'closed' }
      if (timeout.aborted) return { kind: 'failed', problem: 'the API does not answer' }
      return { kind: 'failed', problem: toReason(error) }
    }
  }

  const run = async (onTried: () => void): Promise<void> => {
    let failures = 0
    while (!closing.signal.aborted) {
      const wasWatch = version !== undefined
      const start = performance.now()
      const ended = await turn()
      onTried()
      if (ended.kind === 'closed') return
      if (ended.kind === 'went') {
        // A list alone proves nothing: its watch may be refused, over and over.
        if (wasWatch) failures = 0
        continue
      }
      const wasLong = ended.kind === 'cut' && performance.now() - start >= SHORT_MILLISECONDS
      failures = wasLong ? 1 : failures + 1
      const problem = toProblem(ended, failures)
      if (ended.kind === 'expired' || problem !== undefined) version = undefined
      if (problem !== undefined) {
        cluster = undefined
        listener.failed(problem)
      }
      await sleep(toBackoff(failures, greatestBackoff), undefined, { signal: closing.signal }).catch(() => {})
    }
  }

  return {
    tried: new Promise((resolve) => void run(resolve)),
    close: () => closing.abort(),
  }
}
