import { buildTables, type IndexBefore, type IndexTables, type PackedPiece } from './index-tables.ts'
import type { PackedFile } from './pack-key-file.ts'
import type { PackedKeys } from './packed-keys.ts'

/** Work that takes long for many keys. What goes in and out can go from thread to thread. */
export type KeyWork =
  | { readonly kind: 'pack'; readonly files: readonly FileBefore[] }
  | { readonly kind: 'index'; readonly pieces: readonly PackedPiece[]; readonly before: IndexBefore }

/** A file to read, and what it held before. */
export interface FileBefore {
  readonly path: string
  readonly before: readonly PackedKeys[]
}

/** What comes of each kind of work. */
export interface KeyWorkResult {
  readonly pack: readonly PackedFile[]
  readonly index: IndexTables
}

/** Does the work in this thread. */
export const doKeyWork = async (work: KeyWork): Promise<KeyWorkResult[KeyWork['kind']]> => {
  if (work.kind === 'index') return buildTables(work.pieces, work.before)
  // Loaded when it is needed: to index needs no parser.
  const { packKeyFile } = await import('./pack-key-file.ts')
  return work.files.map(({ path, before }) => packKeyFile(path, before))
}
