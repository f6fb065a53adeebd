// Plain JavaScript, so that it can start below node_modules as well.
import '../strip-types.js'
import { constants, getPriority, setPriority } from 'node:os'
import { parentPort, workerData } from 'node:worker_threads'

const LOWER = constants.priority.PRIORITY_BELOW_NORMAL

// Where there are fewer cores than work, checks come first. On Linux that is of one thread alone, elsewhere of the process.
if (process.platform === 'linux' && getPriority() < LOWER) {
  try {
    setPriority(LOWER)
  } catch {
    // Where it is forbidden the work is done all the same.
  }
}

const { doKeyWork } = await import('./key-work.ts')
parentPort?.postMessage(await doKeyWork(workerData))
