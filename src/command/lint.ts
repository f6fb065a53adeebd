import { toProblemText } from '../config/document.ts'
import { loadConfig } from '../config/load.ts'
import { ExitCode } from '../exit-code.ts'
import { lint } from '../lint/lint.ts'
import { readFiles } from '../lint/read-files.ts'
import type { Finding, Level } from '../lint/rule.ts'
import type { Report } from './report.ts'

export interface LintOptions {
  readonly config: string
  readonly against?: readonly string[]
  readonly ignore?: readonly string[]
  readonly json?: boolean
}

/** Names every hole and trap of a policy and of the proxy configurations beside it. Exit code 1 for an error. */
export const runLint = ({ config, against = [], ignore = [], json = false }: LintOptions): Report => {
  const loaded = loadConfig(config, process.env)
  const { parts, unreadable } = readFiles(against)
  const problems = [
    ...(loaded.kind === 'refused' ? loaded.problems.map((problem) => toProblemText(config, problem)) : []),
    ...unreadable.map(({ file, ...problem }) => toProblemText(file, { path: '', ...problem })),
  ]
  const all = loaded.kind === 'refused' ? [] : lint(config, loaded.config, parts)
  const findings = all.filter(({ code }) => !ignore.includes(code))
  const isBad = findings.some(({ level }) => level === 'error')
  return {
    code: problems.length > 0 ? ExitCode.config : isBad ? ExitCode.refused : 0,
    out: json ? JSON.stringify({ findings, problems }, undefined, 2) : toText(findings),
    ...(problems.length > 0 && { err: problems.join('\n') }),
  }
}

const toText = (findings: readonly Finding[]): string => {
  const count = (level: Level): number => findings.filter((finding) => finding.level === level).length
  const sum = `errors: ${count('error')}, warnings: ${count('warning')}, notes: ${count('note')}`
  return [...findings.map(toFindingText), sum].join('\n')
}

const toFindingText = ({ code, level, what, why, fix, ...place }: Finding): string =>
  [
    `${place.file}:${place.line}:${place.column}: ${level} ${code}: ${what}`,
    ...(place.path === '' ? [] : [`  at ${place.path}`]),
    `  ${why}`,
    `  ${fix}`,
  ].join('\n')
