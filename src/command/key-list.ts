import { ExitCode } from '../exit-code.ts'
import { countReplaced, toKeyState } from './key-state.ts'
import { type FoundKey, listKeys } from './list-keys.ts'
import type { Report } from './report.ts'
import { toTable } from './to-table.ts'
import { type SourceChoice, withEditors } from './with-editors.ts'

export interface KeyListOptions extends SourceChoice {
  readonly json?: boolean
}

/** Lists all keys: never a digest. What could not be read goes to standard error. */
export const runKeyList = ({ json = false, ...choice }: KeyListOptions, now: number): Promise<Report> =>
  withEditors(choice, async (editors) => {
    const { keys, problems, isWhole } = await listKeys(editors)
    return {
      code: isWhole ? 0 : ExitCode.unavailable,
      out: json
        ? JSON.stringify(
            keys.map((key) => toJson(key, now)),
            undefined,
            2,
          )
        : toText(keys, now),
      ...(problems.length > 0 && { err: problems.join('\n') }),
    }
  })

const toJson = ({ entry, origin, lastUsed, editor }: FoundKey, now: number) => {
  const { digest: _, previous: __, disabled: ___, scopes = [], ...shown } = entry
  const state = toKeyState(entry, now)
  return { ...shown, scopes, state, replaced: countReplaced(entry, now), source: editor.name, origin, lastUsed }
}

const toText = (keys: readonly FoundKey[], now: number): string => {
  const rows = keys.map(({ entry, origin, lastUsed }) => {
    const replaced = countReplaced(entry, now)
    const state = toKeyState(entry, now).replace('_', ' ')
    return [
      entry.id,
      state + (replaced > 0 ? `, ${replaced} replaced` : ''),
      entry.scopes?.join(',') || '-',
      entry.expires ?? 'never',
      lastUsed ?? '-',
      origin,
    ]
  })
  return toTable([['ID', 'STATE', 'SCOPES', 'EXPIRES', 'LAST USED', 'ORIGIN'], ...rows])
}
