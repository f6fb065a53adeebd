import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A new folder, and how to remove it with all that is in it. */
export const makeTemporaryFolder = (): { readonly path: string; readonly remove: () => void } => {
  const path = mkdtempSync(join(tmpdir(), 'bearergate-e2e-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}
