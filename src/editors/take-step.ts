import { ErrorReply, WatchError } from '@redis/client'
import { type Client, toFailureText } from '../redis/open-client.ts'
import type { Edit } from './key-editor.ts'

/** What is written at once. */
export interface Step {
  /** The record, for people. */
  readonly origin: string
  readonly writes: (multi: ReturnType<Client['multi']>) => void
}

type Plan = () => Promise<Step | string | undefined>

const ATTEMPTS = 20

/**
 * Writes all or nothing. `plan` watches what it reads and says what to write, or why not; it is asked again when
 * somebody else was faster, which it may see itself (undefined) or the server does.
 */
export const takeStep = async (client: Client, plan: Plan): Promise<Edit> => {
  try {
    return await attempt(client, plan)
  } catch (error) {
    // What the server refuses, or a connection that was lost, is an outcome: a replica, a user who may not.
    if (!(error instanceof Error) || !(error instanceof ErrorReply || !client.isReady)) throw error
    return {
      kind: 'refused',
      reason: `nothing was changed: ${error.message ? toFailureText(error) : 'the connection was lost'}`,
    }
  }
}

const attempt = async (client: Client, plan: Plan): Promise<Edit> => {
  for (let count = 0; count < ATTEMPTS; count += 1) {
    const step = await plan()
    if (typeof step === 'string') {
      await client.unwatch()
      return { kind: 'refused', reason: step }
    }
    if (step && (await isWritten(client, step))) return { kind: 'done', origin: step.origin }
    await client.unwatch()
  }
  return { kind: 'refused', reason: 'somebody else is changing it all the time: nothing was changed, try again' }
}

const isWritten = async (client: Client, { writes }: Step): Promise<boolean> => {
  const multi = client.multi()
  writes(multi)
  try {
    await multi.exec()
    return true
  } catch (error) {
    if (error instanceof WatchError) return false
    throw error
  }
}
