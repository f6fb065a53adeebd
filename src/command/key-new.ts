import type { KeyEditor } from '../editors/key-editor.ts'
import { ExitCode } from '../exit-code.ts'
import { mintKey } from '../key/new-key.ts'
import type { KeyEntry } from '../sources/key-entry.ts'
import { listKeys } from './list-keys.ts'
import type { Report } from './report.ts'
import { toNames, withEditors } from './with-editors.ts'

type NewEntry = Omit<KeyEntry, 'digest'>

export interface KeyNewFlags extends Pick<NewEntry, 'id' | 'scopes' | 'notBefore' | 'expires' | 'hosts'> {
  readonly claim?: NonNullable<KeyEntry['claims']>
  /** Prints a Secret manifest. */
  readonly kubernetes?: boolean
  /** Where to store it; without a configuration it is printed. */
  readonly config?: string
  readonly source?: string
  readonly file?: string
}

/** Mints a key and stores it, or prints what to store. The secret goes to standard error alone. */
export const runKeyNew = async (flags: KeyNewFlags): Promise<Report> => {
  const { claim: claims, kubernetes = false, config, source, file, ...fields } = flags
  const { notBefore, expires } = fields
  if (notBefore && expires && Date.parse(notBefore) >= Date.parse(expires)) {
    return { code: ExitCode.usage, err: 'It would expire before it is good: --not-before must be before --expires.' }
  }
  const key: NewEntry = { ...fields, ...(claims && { claims }) }
  if (config !== undefined) {
    const choice = { config, ...(source !== undefined && { source }), ...(file !== undefined && { file }) }
    return withEditors(choice, (editors, others) => store(editors, others, key))
  }
  if (source === undefined && file === undefined) return print(key, kubernetes)
  return { code: ExitCode.usage, err: '--source and --file say where to store: they need --config.' }
}

const print = (key: NewEntry, kubernetes: boolean): Report => {
  const { secret, record, manifest } = mintKey(key)
  const hint = kubernetes
    ? 'Its manifest, for kubectl apply -f -:'
    : 'Its record, for the list "keys:" of a key set file:'
  return { code: 0, err: `${toSecretText(key.id, secret)}\n${hint}\n`, out: (kubernetes ? manifest : record).trimEnd() }
}

const store = async (chosen: readonly KeyEditor[], others: readonly KeyEditor[], key: NewEntry): Promise<Report> => {
  const [editor, ...more] = chosen
  if (!editor || more.length > 0) {
    return { code: ExitCode.usage, err: `There are several key sources: choose one with --source\n${toNames(chosen)}` }
  }
  // A gate would take no notice of a second key of that id.
  const { keys } = await listKeys(others, { id: key.id })
  const twin = keys.find((held) => held.entry.id === key.id)
  if (twin) return { code: ExitCode.refused, err: `${twin.origin} has a key ${key.id} already` }
  const { secret, entry } = mintKey(key)
  const edit = await editor.add(entry)
  if (edit.kind === 'refused') return { code: ExitCode.refused, err: edit.reason }
  return { code: 0, err: toSecretText(key.id, secret), out: `${key.id}: stored in ${edit.origin}` }
}

/** How a new secret is shown. */
export const toSecretText = (id: string, secret: string): string =>
  `The secret of ${id}, shown this once and stored nowhere:\n\n${secret}\n`
