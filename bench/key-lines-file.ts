import { createHash } from 'node:crypto'
import { closeSync, openSync, renameSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** The secret of the key with that number. */
export const toSecret = (number: number): string => `the-secret-of-team-${number}`

/** Writes a key set of so many lines and puts it in its place in one step; `last` is the secret of one more key. */
export const writeKeyLines = (path: string, count: number, last: string): void => {
  const next = join(dirname(path), '.next')
  const file = openSync(next, 'w')
  const toLine = (id: string, secret: string): string =>
    `{"id":"${id}","digest":"sha256:${createHash('sha256').update(secret).digest('hex')}"}\n`
  for (let number = 0; number < count; number += 1_000) {
    const numbers = Array.from({ length: Math.min(1_000, count - number) }, (_, offset) => number + offset)
    writeSync(file, numbers.map((each) => toLine(`team-${each}`, toSecret(each))).join(''))
  }
  writeSync(file, toLine('last', last))
  closeSync(file)
  renameSync(next, path)
}

const [path, count, last] = process.argv.slice(2)
if (import.meta.main && path && last) writeKeyLines(path, Number(count), last)
