import { toProblemText } from '../config/document.ts'
import { loadConfig } from '../config/load.ts'
import { ExitCode } from '../exit-code.ts'
import type { Report } from './report.ts'

/** Reports every problem of a configuration file, with its place. */
export const runCheckConfig = (path: string): Report => {
  const loaded = loadConfig(path, process.env)
  if (loaded.kind === 'refused') {
    return { code: ExitCode.config, err: loaded.problems.map((problem) => toProblemText(path, problem)).join('\n') }
  }
  const { routes, keys, issuers } = loaded.config.file
  const counts = `routes: ${routes.length}, key sources: ${keys.length}, issuers: ${issuers.length}`
  return { code: 0, out: `${path}: ok (${counts})` }
}
