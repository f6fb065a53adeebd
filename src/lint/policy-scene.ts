import { readFileSync } from 'node:fs'
import { LineCounter, parseDocument } from 'yaml'
import type { ConfigFile } from '../config/schema.ts'
import type { Policy } from '../core/check.ts'
import { type Part, toPart } from './part.ts'

/** What the rules about the policy alone look at. */
export interface PolicyScene {
  /** The file as it is written, for places. */
  readonly root: Part
  /** With defaults and absolute paths. */
  readonly file: ConfigFile
  readonly policy: Policy
}

/** `path` is a file that was loaded without a problem. */
export const toPolicyScene = (path: string, file: ConfigFile, policy: Policy): PolicyScene => {
  const lines = new LineCounter()
  const document = parseDocument(readFileSync(path, 'utf8'), { lineCounter: lines })
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset)
    return { line, column: col }
  }
  return { root: toPart({ file: path, document, at }), file, policy }
}
