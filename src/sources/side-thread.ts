import { Worker } from 'node:worker_threads'
import pLimit from 'p-limit'
import type { KeyWork, KeyWorkResult } from './key-work.ts'

/** Does work off the event loop. */
export interface SideThread {
  /** One work at a time. Rejects when the thread fails, as when it runs out of memory. */
  readonly run: <W extends KeyWork>(work: W) => Promise<KeyWorkResult[W['kind']]>
  /** Ends what is under way, which then rejects. */
  readonly close: () => void
  readonly isClosed: () => boolean
}

/** Lines are read and dropped: a small nursery keeps the memory small. */
const YOUNG_MEGABYTES = 6

/** The thread lives as long as the work, so that its memory goes with it. */
export const createSideThread = (): SideThread => {
  const oneAtATime = pLimit(1)
  let worker: Worker | undefined
  let isClosed = false
  const start = <W extends KeyWork>(work: W): Promise<KeyWorkResult[W['kind']]> =>
    new Promise((resolve, reject) => {
      if (isClosed) throw new Error('closed')
      worker = new Worker(new URL('./side-thread-entry.js', import.meta.url), {
        workerData: work,
        resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MEGABYTES },
      })
      let result: KeyWorkResult[W['kind']] | undefined
      worker.once('message', (value) => {
        result = value
      })
      worker.once('error', reject)
      // Not before it has ended: the next one shall not add its memory to that of this one.
      worker.once('exit', (code) => (result ? resolve(result) : reject(new Error(`the thread ended with ${code}`))))
    })
  return {
    run: (work) => oneAtATime(() => start(work)),
    close: () => {
      isClosed = true
      void worker?.terminate()
    },
    isClosed: () => isClosed,
  }
}
