import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const toPath = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

const MAIN = toPath('../../src/main.ts')
/** Node keeps compiled code here: most of a command's time would be compiling. */
const NODE_COMPILE_CACHE = toPath('../../node_modules/.cache/compiled')

export interface Result {
  /** The exit code, or the signal that ended it. */
  readonly code: number | string
  readonly out: string
  readonly err: string
}

/** Runs `bearergate` with these arguments in a process of its own. */
export const runCommand = (
  args: readonly string[],
  { input = '', preload }: { readonly input?: string; readonly preload?: string } = {},
): Promise<Result> =>
  new Promise((resolve) => {
    const env = { ...process.env, NODE_COMPILE_CACHE }
    const imports = preload === undefined ? [] : ['--import', preload]
    const child = execFile(process.execPath, [...imports, MAIN, ...args], { env }, (error, out, err) => {
      resolve({ code: error?.signal ?? (typeof error?.code === 'number' ? error.code : 0), out, err })
    })
    child.stdin?.end(input)
  })

/** The secret that a command has shown. */
export const secretOf = ({ err }: Result): string => /^bgk_\w+$/m.exec(err)?.[0] ?? ''
