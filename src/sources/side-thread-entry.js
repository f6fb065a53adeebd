// Plain JavaScript, so that it can start below node_modules as well.
import '../strip-types.js'
import { parentPort, workerData } from 'node:worker_threads'

const { doKeyWork } = await import('./key-work.ts')
parentPort?.postMessage(await doKeyWork(workerData))
