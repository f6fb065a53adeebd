import { toProblemText } from '../config/document.ts'
import { loadConfig } from '../config/load.ts'
import { ExitCode } from '../exit-code.ts'
import { openLog } from './open-log.ts'
import type { Report } from './report.ts'
import { type Started, startAlone, startSupervisor, startWorker } from './start-serving.ts'

export interface ServeFlags {
  readonly config: string
  /** Given by a supervisor: which of its workers this process is. */
  readonly worker?: number
}

/** Serves until a signal drains it, which ends the process; comes back only with a configuration that is refused. */
export const runServe = async ({ config: path, worker }: ServeFlags, version: string): Promise<Report | undefined> => {
  const loaded = loadConfig(path, process.env)
  if (loaded.kind === 'refused') {
    return { code: ExitCode.config, err: loaded.problems.map((problem) => toProblemText(path, problem)).join('\n') }
  }
  const { file } = loaded.config
  const { log, exit } = openLog(file.log.level, worker)
  log.info({ version, node: process.version, process: process.pid }, 'starting')
  let isSecond = false
  const drain = (why: object): void => {
    log.info(why, isSecond ? 'closing at once' : 'draining')
    isSecond = true
    void started.then(async (result) => {
      if (result.kind === 'running') await result.drain()
      exit(0)
    })
  }
  const gate = { path, loaded, log }
  const start = (): Promise<Started> => {
    if (worker !== undefined) return startWorker(gate, worker, drain)
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => drain({ signal }))
    return file.workers > 1 ? startSupervisor(gate) : startAlone(gate)
  }
  const started = start().catch((error: unknown): Started => {
    log.fatal({ err: error }, 'cannot start')
    return { kind: 'failed', code: ExitCode.unavailable }
  })
  const result = await started
  if (result.kind === 'failed') exit(result.code)
  return undefined
}
