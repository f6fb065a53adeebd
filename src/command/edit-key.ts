import type { Edit, KeyEditor } from '../editors/key-editor.ts'
import { ExitCode } from '../exit-code.ts'
import { listKeys } from './list-keys.ts'
import type { Report } from './report.ts'
import { type SourceChoice, toNames, withEditors } from './with-editors.ts'

/** A key by its id. */
export interface KeyChoice extends SourceChoice {
  readonly id: string
}

/** Edits the key in the source that holds it; `toDone` says what was done, given where. */
export const editKey = (
  choice: KeyChoice,
  edit: (editor: KeyEditor) => Promise<Edit>,
  toDone: (origin: string) => Omit<Report, 'code'>,
): Promise<Report> =>
  withEditors(choice, async (editors) => {
    const holder = await findHolder(editors, choice.id)
    if ('code' in holder) return holder
    const result = await edit(holder)
    return result.kind === 'done'
      ? { code: 0, ...toDone(result.origin) }
      : { code: ExitCode.refused, err: result.reason }
  })

const findHolder = async (editors: readonly KeyEditor[], id: string): Promise<KeyEditor | Report> => {
  const [only, ...others] = editors
  if (only && others.length === 0) return only
  const { keys, problems } = await listKeys(editors, { id })
  const holders = new Set(keys.flatMap(({ entry, editor }) => (entry.id === id ? [editor] : [])))
  const [holder, ...more] = holders
  if (!holder) return { code: ExitCode.refused, err: [`no source has a key ${id}`, ...problems].join('\n') }
  if (more.length === 0) return holder
  return {
    code: ExitCode.usage,
    err: `${id} stands in several sources: choose with --source\n${toNames([...holders])}`,
  }
}
