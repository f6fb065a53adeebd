import { closeSync, openSync, readFileSync, readSync } from 'node:fs'
import { parseKeyFile } from './key-file.ts'
import { isKeyLinesName } from './key-lines.ts'
import { type PackedContent, packKeyLines } from './pack-key-lines.ts'
import { packRecords } from './packed-keys.ts'

/** What a file holds, or why it cannot be read. */
export type PackedFile =
  | PackedContent
  | { readonly kind: 'unreadable'; readonly code: string | undefined; readonly message: string }

/** Packs content that was read already. */
export const packContent = (path: string, content: Uint8Array): PackedContent => {
  if (isKeyLinesName(path)) return packKeyLines(path, [content])
  const parsed = parseKeyFile(path, content)
  return parsed.kind === 'refused' ? parsed : { kind: 'packed', packed: packRecords(parsed.records) }
}

/** Reads a file and packs it. It blocks: not for a thread that answers. */
export const packKeyFile = (path: string): PackedFile => {
  try {
    return isKeyLinesName(path) ? packKeyLines(path, readPieces(path)) : packContent(path, readFileSync(path))
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
