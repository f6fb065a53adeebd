import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as z from 'zod'
import { configSchema } from '../src/config/schema.ts'
import { RENDERED_FILES } from './rendered-files.ts'
import { toLintCodes } from './to-lint-codes.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** Where generated files belong, below the project's folder or another one. */
export const GENERATED: readonly string[] = [
  'bearergate.schema.json',
  'docs/lint-codes.md',
  'test/generated',
  ...Object.keys(RENDERED_FILES),
]

/**
 * Writes the JSON Schema of the configuration, the page of codes, the types of the messages and what is rendered from
 * the shipped policies below a folder.
 */
export const generate = (folder: string): void => {
  const [schemaFile, codesFile, typesFolder] = GENERATED.map((name) => join(folder, name)) as [string, string, string]
  for (const name of GENERATED) mkdirSync(dirname(join(folder, name)), { recursive: true })
  const schema = z.toJSONSchema(configSchema, { io: 'input' })
  writeFileSync(schemaFile, `${JSON.stringify({ title: 'bearergate.yaml', ...schema }, null, 2)}\n`)
  writeFileSync(codesFile, toLintCodes())

  rmSync(typesFolder, { recursive: true, force: true })
  const types = ['--keepCase', '--longs=Number', '--grpcLib=@grpc/grpc-js', '--importFileExtension=.ts']
  execFileSync(
    join(ROOT, 'node_modules/.bin/proto-loader-gen-types'),
    [...types, `--outDir=${typesFolder}`, '-I', 'proto', '--', 'external_auth.proto'],
    { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit'] },
  )

  for (const [name, args] of Object.entries(RENDERED_FILES)) {
    const text = execFileSync(process.execPath, ['src/main.ts', 'render', ...args], { cwd: ROOT })
    writeFileSync(join(folder, name), text)
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) generate(resolve(process.argv[2] ?? ROOT))
