import {
  closeSync,
  existsSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'

/** What a file holds, and what it shall hold; undefined stands for no file. */
export interface Replacement {
  readonly path: string
  readonly before: Uint8Array | undefined
  readonly after: Uint8Array | undefined
  /** Asked right before the file is replaced. */
  readonly isHeld: () => boolean
}

/**
 * Replaces a file whole: whoever reads it, and a machine that loses power, sees the old content or the new. Mode and
 * owner stay. False, and nothing is changed, when the file no longer holds what it held before. The caller has the lock.
 */
export const replaceFile = ({ path, before, after, isHeld }: Replacement): boolean => {
  const folder = dirname(path)
  const model = before && statSync(path, { throwIfNoEntry: false })
  if (before && !model) return false
  const temporary = join(folder, `.${basename(path)}.new`)
  // One that was left by a crash.
  rmSync(temporary, { force: true })
  try {
    if (after) writeDurably(temporary, after, model)
    // Between this look and the next line a program that ignores the lock could still write: nothing closes that gap.
    if (!isSame(path, before) || !isHeld()) return false
    if (after) renameSync(temporary, path)
    else unlinkSync(path)
  } finally {
    rmSync(temporary, { force: true })
  }
  syncFolder(folder)
  return true
}

/** Mode and owner are those of the model, if there is one. */
const writeDurably = (path: string, content: Uint8Array, model: Stats | undefined): void => {
  const file = openSync(path, 'wx', model ? 0o600 : 0o666)
  try {
    writeFileSync(file, content)
    if (model) {
      const made = fstatSync(file)
      if (made.uid !== model.uid || made.gid !== model.gid) fchownSync(file, model.uid, model.gid)
      fchmodSync(file, model.mode & 0o7777)
    }
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

const isSame = (path: string, content: Uint8Array | undefined): boolean =>
  content === undefined ? !existsSync(path) : existsSync(path) && readFileSync(path).equals(content)

/** Makes the rename last. */
const syncFolder = (folder: string): void => {
  const handle = openSync(folder, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}
