import { resolve } from 'node:path'
import { toProblemText } from '../config/document.ts'
import { loadConfig } from '../config/load.ts'
import type { KeyEditor } from '../editors/key-editor.ts'
import { openEditors } from '../editors/open-editors.ts'
import { ExitCode } from '../exit-code.ts'
import type { Report } from './report.ts'

/** Which keys a command is about. */
export interface SourceChoice {
  /** The configuration file. */
  readonly config: string
  /** One of its key sources; without it, all. */
  readonly source?: string
  /** In a directory, the file for new keys. */
  readonly file?: string
}

/** Opens the key sources of a configuration, gives those that were chosen and the others, and closes them after. */
export const withEditors = async (
  { config: path, source, file }: SourceChoice,
  work: (chosen: readonly KeyEditor[], others: readonly KeyEditor[]) => Promise<Report>,
): Promise<Report> => {
  const loaded = loadConfig(path, process.env)
  if (loaded.kind === 'refused') {
    const err = loaded.problems.map((problem) => toProblemText(path, problem)).join('\n')
    return { code: ExitCode.config, err }
  }
  const { keys } = loaded.config.file
  if (keys.length === 0) return { code: ExitCode.config, err: `${path}: no source is configured under keys` }
  const editors = await openEditors(keys, file === undefined ? {} : { fileName: file })
  try {
    const chosen = source === undefined ? editors : editors.filter(({ name }) => isNamed(name, source, path))
    const others = editors.filter((editor) => !chosen.includes(editor))
    if (chosen.length > 0) return await work(chosen, others)
    return { code: ExitCode.usage, err: `${path} has no key source ${source}. It has:\n${toNames(editors)}` }
  } finally {
    await Promise.all(editors.map((editor) => editor.close()))
  }
}

/** The names of sources, for `--source`. */
export const toNames = (editors: readonly KeyEditor[]): string => editors.map(({ name }) => `  ${name}`).join('\n')

/** A path is good as the configuration writes it, and as it is seen from here. */
const isNamed = (name: string, source: string, config: string): boolean =>
  [source, resolve(source), resolve(config, '..', source)].includes(name)
