import pino from 'pino'
import { toProblemText } from '../config/document.ts'
import { loadConfig } from '../config/load.ts'
import { ExitCode } from '../exit-code.ts'
import { serve } from '../serve.ts'
import type { Report } from './report.ts'

/** Serves until a signal drains it, which ends the process; comes back only with a configuration that is refused. */
export const runServe = async (path: string, version: string): Promise<Report | undefined> => {
  const loaded = loadConfig(path, process.env)
  if (loaded.kind === 'refused') {
    return { code: ExitCode.config, err: loaded.problems.map((problem) => toProblemText(path, problem)).join('\n') }
  }
  const { config } = loaded
  // Written in the background: whoever reads the log slowly holds no request up, and loses lines past 16 MiB.
  const destination = pino.destination({ sync: false, maxLength: 16_777_216 })
  const log = pino(
    {
      level: config.file.log.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  )
  // What is still to be written is written, in its order, before the process ends.
  const exit = (code: number): void => {
    destination.once('close', () => process.exit(code))
    destination.end()
  }
  log.info({ version, node: process.version }, 'starting')
  const served = serve({ path, loaded, environment: process.env, log, now: Date.now })
  let isSecond = false
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      log.info({ signal }, isSecond ? 'closing at once' : 'draining')
      isSecond = true
      void served.then(({ drain }) => drain()).then(() => exit(0))
    })
  }
  await served.catch((error: unknown) => {
    log.fatal({ err: error }, 'cannot start')
    exit(ExitCode.unavailable)
  })
  return undefined
}
