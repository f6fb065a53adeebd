// Preloaded into a real command: the process dies, as by kill -9, when it would put the new file in place.
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'

fs.renameSync = () => process.kill(process.pid, 'SIGKILL')
syncBuiltinESMExports()
