import { closeSync, openSync, readFileSync, readSync } from 'node:fs'
import { parseKeyFile } from './key-file.ts'
import { isKeyLinesName } from './key-lines.ts'
import { type PackedContent, packKeyLines } from './pack-key-lines.ts'
import type { PackedKeys } from './packed-keys.ts'
import { packRecords } from './packer.ts'

/** What a file holds, or why it cannot be read. */
export type PackedFile =
  | PackedContent
  | { readonly kind: 'unreadable'; readonly code: string | undefined; readonly message: string }

/** Packs content that was read already. */
export const packContent = (path: string, content: Uint8Array, before: readonly PackedKeys[] = []): PackedContent => {
  if (isKeyLinesName(path)) return packKeyLines(path, [content], before)
  const parsed = parseKeyFile(path, content)
  return parsed.kind === 'refused' ? parsed : { kind: 'packed', packed: packRecords(parsed.records, before) }
}

/** Reads a file and packs it; `before` is what it held. It blocks: not for a thread that answers. */
export const packKeyFile = (path: string, before: readonly PackedKeys[] = []): PackedFile => {
  try {
    return isKeyLinesName(path)
      ? packKeyLines(path, readPieces(path), before)
      : packContent(path, readFileSync(path), before)
  } catch (error) {
    return toUnreadable(error)
  }
}

export const toUnreadable = (error: unknown): PackedFile => {
  if (!(error instanceof Error && 'code' in error)) throw error
  return { kind: 'unreadable', code: String(error.code), message: error.message }
}

const PIECE_BYTES = 65_536

function* readPieces(path: string): Generator<Uint8Array> {
  const descriptor = openSync(path, 'r')
  try {
    const piece = Buffer.alloc(PIECE_BYTES)
    const next = (): number => readSync(descriptor, piece, 0, PIECE_BYTES, null)
    for (let size = next(); size > 0; size = next()) yield piece.subarray(0, size)
  } finally {
    closeSync(descriptor)
  }
}
