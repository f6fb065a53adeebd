import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'

/** A child process. */
export interface RunningProcess {
  /** What it has printed so far on its standard output, as whole lines. */
  readonly lines: () => readonly string[]
  /** Fails, with all that it printed, once it has ended. */
  readonly assertAlive: () => void
  readonly kill: (signal: NodeJS.Signals) => void
  /** Its exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>
  /** Ends it at once. */
  readonly close: () => Promise<void>
}

const running = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** Starts a program. It does not outlive this process. */
export const startProcess = (program: string, args: readonly string[]): RunningProcess => {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let printed = ''
  let complaints = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaints += text
  })
  running.add(child)
  const ended = once(child, 'exit').then(([code, signal]) => {
    running.delete(child)
    return code ?? signal
  })
  const kill = (signal: NodeJS.Signals): void => void child.kill(signal)

  return {
    lines: () => printed.split('\n').slice(0, -1),
    assertAlive: () => {
      if (child.exitCode === null && child.signalCode === null) return
      throw new Error(`${program} ${args.join(' ')} has ended:\n${printed}\n${complaints}`)
    },
    kill,
    ended,
    close: async () => {
      kill('SIGKILL')
      await ended
    },
  }
}
