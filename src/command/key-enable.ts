import type { KeyEntry } from '../sources/key-entry.ts'
import { editKey, type KeyChoice } from './edit-key.ts'
import type { Report } from './report.ts'

/** Makes a disabled key good again. */
export const runKeyEnable = (choice: KeyChoice): Promise<Report> =>
  editKey(
    choice,
    (editor) => editor.change(choice.id, ({ disabled: _, ...entry }) => entry),
    (origin) => ({ out: `${choice.id}: enabled in ${origin}` }),
  )

/** Makes a key, with all its secrets, bad until it is enabled again. */
export const runKeyDisable = (choice: KeyChoice): Promise<Report> =>
  editKey(
    choice,
    (editor) => editor.change(choice.id, (entry: KeyEntry) => ({ ...entry, disabled: true })),
    (origin) => ({ out: `${choice.id}: disabled in ${origin}` }),
  )
