import type { ApiFailure } from './read-status.ts'

/**
 * How one list or one watch ended. After `went` and `cut` the watch is resumed. After `expired` (410 Gone) and `failed`
 * comes a list: it tells at once what is true now.
 */
export type Turn =
  | { readonly kind: 'went' | 'expired' | 'cut' | 'closed' }
  | { readonly kind: 'failed'; readonly problem: string }

/** So many short watches in a row are bad luck; after that the Secrets are listed instead. */
const SHORT_WATCHES = 3

/** The API said no. */
export const toTurn = ({ code, message }: ApiFailure): Turn =>
  code === 410 ? { kind: 'expired' } : { kind: 'failed', problem: message }

/** What people should know of a turn that did not go well, the last of so many in a row. */
export const toProblem = (turn: Turn, failures: number): string | undefined => {
  if (turn.kind === 'failed') return turn.problem
  return turn.kind === 'cut' && failures > SHORT_WATCHES ? 'the watch breaks off again and again' : undefined
}

/** An exception of the network in words. Several addresses that all refuse are one error without a message. */
export const toReason = (error: unknown): string => {
  const { message, code } = error as { readonly message?: string; readonly code?: string }
  return message || code || String(error)
}
