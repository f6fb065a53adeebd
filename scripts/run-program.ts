import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

interface RunOptions {
  readonly cwd?: string
  readonly environment?: Readonly<Record<string, string>>
  /** In milliseconds; five minutes, if left out. */
  readonly timeout?: number
}

/** Runs a program to its end and gives what it printed. When it fails, the error says why, and `remedy` what to do. */
export const runProgram = async (
  command: string,
  args: readonly string[],
  remedy: string,
  { cwd, environment, timeout = 300_000 }: RunOptions = {},
): Promise<string> => {
  const env = { ...process.env, ...environment }
  const running = promisify(execFile)(command, args, { cwd, env, timeout, maxBuffer: 16_777_216 })
  const stop = (): void => void running.child.kill('SIGKILL')
  // Before a draft is removed: what still runs would write to it.
  process.prependOnceListener('exit', stop)
  try {
    return (await running).stdout.trim()
  } catch (error) {
    const why = (error as { stderr?: string }).stderr?.trim() || (error as Error).message
    throw new Error(`${command} ${args.join(' ')} failed: ${why}\nWhat to do: ${remedy}`, { cause: error })
  } finally {
    process.off('exit', stop)
  }
}
