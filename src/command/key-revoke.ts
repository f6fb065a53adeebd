import { editKey, type KeyChoice } from './edit-key.ts'
import type { Report } from './report.ts'

/** Removes a key for good. */
export const runKeyRevoke = (choice: KeyChoice): Promise<Report> =>
  editKey(
    choice,
    (editor) => editor.remove(choice.id),
    (origin) => ({ out: `${choice.id}: removed from ${origin}` }),
  )
