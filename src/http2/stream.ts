import type { Body } from './body.ts'
import type { Outflow } from './outflow.ts'
import type { RequestHead } from './request-head.ts'

/** One request and its answer, which goes out through `outflow`. */
export interface Stream {
  readonly id: number
  readonly head: RequestHead
  readonly body: Body
  readonly outflow: Outflow
  /** The client may send more of the request. */
  isRequestOpen: boolean
  /** Somebody is to answer it: until that is done it counts, whether the client still waits or not (CVE-2023-44487). */
  isHandedOver: boolean
  /** The client has gone, or was told that this failed: nothing more of an answer is sent. */
  isReset: boolean
  /** Told when that happens before the answer is whole. */
  onReset: (() => void) | undefined
  /** How many bytes the client takes. */
  window: number
  /** What waits for the client to take it, and the trailers that come after that. */
  unsent: Buffer[]
  unsentTrailers: Buffer | undefined
  /** The next one in the same place of the connection's table. */
  next: Stream | undefined
}
