import { toProblemText } from '../config/document.ts'
import { type Config, loadConfig } from '../config/load.ts'
import { ExitCode } from '../exit-code.ts'
import type { Rendered } from '../render/rendered.ts'
import type { Report } from './report.ts'

/** Renders a configuration file for another program, to standard output. */
export const runRender = (path: string, render: (config: Config) => Rendered): Report => {
  const loaded = loadConfig(path, process.env)
  if (loaded.kind === 'refused') {
    return { code: ExitCode.config, err: loaded.problems.map((problem) => toProblemText(path, problem)).join('\n') }
  }
  const rendered = render(loaded.config)
  if (rendered.kind === 'refused') return { code: ExitCode.refused, err: rendered.problems.join('\n') }
  return { code: 0, out: rendered.text.trimEnd() }
}
