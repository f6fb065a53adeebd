import { spawn } from 'node:child_process'
import module from 'node:module'
import { fileURLToPath } from 'node:url'
import { runsOnOurNode, setUp } from './setup.js'

/** `npm start`: sets up what is missing, then runs the demo on the Node that the setup brought. For Node 20. */
const outcome = await setUp()
if (outcome.kind === 'failed') {
  console.error(outcome.message)
  process.exit(1)
}

// Compiled code is kept between runs, also for the gate: the second start takes half the time.
process.env.NODE_COMPILE_CACHE ??= fileURLToPath(new URL('../node_modules/.cache/compiled', import.meta.url))

// When npm is killed outright, nobody tells us.
const parent = process.ppid
let stop = () => process.kill(process.pid, 'SIGTERM')
setInterval(() => process.ppid === parent || stop(), 250)

if (runsOnOurNode()) {
  module.enableCompileCache(process.env.NODE_COMPILE_CACHE)
  await import('../demo/start/start-demo.ts')
} else {
  // The channel tells the demo when this process is gone, however it went, so that it never runs on alone.
  const demo = spawn(outcome.node, [fileURLToPath(new URL('../demo/start/start-demo.ts', import.meta.url))], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  })
  stop = () => demo.kill('SIGTERM')
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => demo.kill(signal))
  demo.on('exit', (code) => process.exit(code ?? 1))
}
