import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ExecutionContext } from 'ava'
import { loadConfig } from '../../src/config/load.ts'
import { lint } from '../../src/lint/lint.ts'
import { readFiles } from '../../src/lint/read-files.ts'
import type { Finding } from '../../src/lint/rule.ts'
import { makeFolder } from '../fixtures/folder.ts'

/** The findings in a policy and in what is beside it, each given as text. */
export const lintTexts = (t: ExecutionContext, policy: string, ...against: readonly string[]): readonly Finding[] => {
  const folder = makeFolder(t)
  const path = join(folder, 'bearergate.yaml')
  writeFileSync(path, policy)
  const loaded = loadConfig(path, {})
  if (loaded.kind === 'refused') throw new Error(JSON.stringify(loaded.problems))
  const files = against.map((text, index) => {
    const file = join(folder, `${index}.yaml`)
    writeFileSync(file, text)
    return file
  })
  const { parts, unreadable } = readFiles(files)
  t.deepEqual(unreadable, [])
  return lint(path, loaded.config, parts)
}

/** `error BG230`, each once, sorted by code. */
export const toCodes = (findings: readonly Finding[]): readonly string[] =>
  [...new Set(findings.map(({ level, code }) => `${code} ${level}`))].toSorted()
