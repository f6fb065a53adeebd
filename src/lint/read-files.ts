import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type Documents, readDocuments } from './read-documents.ts'

/** Reads files, the YAML and JSON files of folders (not of folders below), and standard input, which is `-`. */
export const readFiles = (paths: readonly string[]): Documents => {
  const all = paths.flatMap(readPath)
  return { parts: all.flatMap(({ parts }) => parts), unreadable: all.flatMap(({ unreadable }) => unreadable) }
}

const readPath = (path: string): readonly Documents[] => {
  try {
    if (path === '-') return [readDocuments('(standard input)', readFileSync(0, 'utf8'))]
    if (!statSync(path).isDirectory()) return [readDocuments(path, readFileSync(path, 'utf8'))]
    const names = readdirSync(path).filter((name) => /\.(?:ya?ml|json)$/.test(name))
    return names.toSorted().flatMap((name) => readPath(join(path, name)))
  } catch (error) {
    const message = `cannot be read: ${error instanceof Error ? error.message : error}`
    return [{ parts: [], unreadable: [{ file: path, line: 1, column: 1, message }] }]
  }
}
