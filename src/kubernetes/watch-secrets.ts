import type { Cluster } from './cluster.ts'
import { readLines } from './read-lines.ts'
import { type ApiFailure, readJson, toFailure } from './read-status.ts'
import { toSecretsPath, type WatchEvent, watchEventSchema } from './secret.ts'

export type WatchBatch =
  | { readonly kind: 'events'; readonly events: readonly Exclude<WatchEvent, { readonly type: 'ERROR' }>[] }
  | { readonly kind: 'failed'; readonly failure: ApiFailure }

export interface WatchQuery {
  readonly namespace: string
  readonly labelSelector: string
  /** Events after this one. */
  readonly resourceVersion: string
  readonly timeoutSeconds: number
}

/**
 * What happens to the Secrets until the API ends the watch; the first batch is empty and says that it is open. Nothing
 * follows a failure. Rejects when the connection breaks.
 */
export async function* watchSecrets(
  cluster: Cluster,
  { namespace, labelSelector, resourceVersion, timeoutSeconds }: WatchQuery,
  signal: AbortSignal,
): AsyncGenerator<WatchBatch> {
  const path = toSecretsPath(namespace, {
    labelSelector,
    resourceVersion,
    timeoutSeconds: String(timeoutSeconds),
    watch: 'true',
    allowWatchBookmarks: 'true',
  })
  const response = await cluster.send({ method: 'GET', path, signal })
  if (response.statusCode !== 200) {
    yield { kind: 'failed', failure: toFailure(await readJson(response), response.statusCode ?? 0) }
    return
  }
  yield { kind: 'events', events: [] }
  for await (const lines of readLines(response.setEncoding('utf8'))) {
    const events: Exclude<WatchEvent, { readonly type: 'ERROR' }>[] = []
    let failure: ApiFailure | undefined
    for (const event of lines.filter((line) => line !== '').map(parseEvent)) {
      if (event === undefined) failure ??= { code: 0, message: 'a line of the watch is no event' }
      else if (event.type === 'ERROR') failure ??= toFailure(event.object, 0)
      else if (!failure) events.push(event)
    }
    yield { kind: 'events', events }
    if (failure) {
      yield { kind: 'failed', failure }
      return
    }
  }
}

const parseEvent = (line: string): WatchEvent | undefined => {
  try {
    return watchEventSchema.safeParse(JSON.parse(line)).data
  } catch {
    // The message would quote the line, and so a secret.
    return undefined
  }
}
