import type { ChildProcess } from 'node:child_process'
import type { FromWorker, ToWorker, WorkerState } from './message.ts'

/** A process that answers checks on addresses of its own. */
export interface Worker {
  /** True once it listens; false when it ended before. */
  readonly listening: Promise<boolean>
  /** Its exit code, once it has ended; 70 when a signal or an error ended it. */
  readonly ended: Promise<number>
  /** Undefined when it does not answer within a second. */
  readonly ask: () => Promise<WorkerState | undefined>
  readonly drain: () => void
}

const PATIENCE_MILLISECONDS = 1_000
const CRASHED = 70

export const createWorker = (child: ChildProcess): Worker => {
  const listening = Promise.withResolvers<boolean>()
  const ended = Promise.withResolvers<number>()
  const asked = new Map<number, (state: WorkerState | undefined) => void>()
  let turns = 0
  const end = (code: number | null): void => {
    listening.resolve(false)
    ended.resolve(code ?? CRASHED)
    for (const answer of asked.values()) answer(undefined)
  }
  child.on('message', (message: FromWorker) => {
    if (message.kind === 'listening') listening.resolve(true)
    else asked.get(message.turn)?.(message.state)
  })
  child.on('exit', end)
  child.on('error', () => end(null))
  const tell = (message: ToWorker): void => {
    // A worker that has just gone is told nothing: `ended` says so.
    if (child.connected) child.send(message, () => {})
  }
  return {
    listening: listening.promise,
    ended: ended.promise,
    ask: async () => {
      if (!child.connected) return undefined
      const turn = turns++
      const answer = Promise.withResolvers<WorkerState | undefined>()
      const patience = setTimeout(() => answer.resolve(undefined), PATIENCE_MILLISECONDS)
      asked.set(turn, answer.resolve)
      tell({ kind: 'ask', turn })
      const state = await answer.promise
      clearTimeout(patience)
      asked.delete(turn)
      return state
    },
    drain: () => tell({ kind: 'drain' }),
  }
}
