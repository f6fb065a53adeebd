import type { Document, Readiness } from '../ops/listen.ts'

/** What a supervisor sends to a worker. */
export type ToWorker = { readonly kind: 'ask'; readonly turn: number } | { readonly kind: 'drain' }

/** What a worker sends to its supervisor. */
export type FromWorker =
  | { readonly kind: 'listening' }
  | { readonly kind: 'state'; readonly turn: number; readonly state: WorkerState }

export interface WorkerState {
  readonly readiness: Readiness
  readonly documents: readonly Document[]
  /** As prom-client's `getMetricsAsJSON` gives them, to be added to those of the others. */
  readonly metrics: readonly object[]
}
