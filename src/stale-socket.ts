import { rmSync } from 'node:fs'
import { createConnection } from 'node:net'

/** Removes the socket of a process that died; one that is listened on stays, and binding will say so. */
export const removeStaleSocket = (path: string): Promise<void> =>
  new Promise((resolve) => {
    const probe = createConnection(path)
    probe.once('connect', () => {
      probe.destroy()
      resolve()
    })
    probe.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED') rmSync(path, { force: true })
      resolve()
    })
  })
