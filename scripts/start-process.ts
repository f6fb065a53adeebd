import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { get, type IncomingMessage } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

/** A program that was started here, with its output in a file of its own. */
export interface StartedProcess {
  /** Resolves to its exit status when it has ended, however that came about; -1 when it has none. */
  readonly ended: Promise<number>
  /** Waits until `probe` is true; rejects with the end of the log when the process ends first or `timeout` (ms) passes. */
  untilReady(probe: () => Promise<boolean>, timeout: number): Promise<void>
  kill(signal: NodeJS.Signals): void
  /** A message for people: what happened to it, and the end of its log. */
  toProblem(what: string): string
}

export interface ProcessOptions {
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  readonly logFile: string
  readonly cwd?: string
  readonly environment?: NodeJS.ProcessEnv
}

const running = new Map<ChildProcess, Promise<unknown>>()
process.on('exit', () => {
  for (const child of running.keys()) child.kill('SIGKILL')
})

/** Sees to it that a child process ends with this one (unless SIGKILL ends this one), and is among those of `stopAll`. */
export const track = (child: ChildProcess): void => {
  const ended = once(child, 'exit')
    .catch(() => {})
    .finally(() => running.delete(child))
  running.set(child, ended)
}

/** Sends SIGTERM to every tracked process, and SIGKILL to those that are still there after `grace` ms. */
export const stopAll = async (grace: number): Promise<void> => {
  const children = [...running]
  for (const [child] of children) child.kill('SIGTERM')
  const timer = setTimeout(() => {
    for (const [child] of children) child.kill('SIGKILL')
  }, grace)
  await Promise.all(children.map(([, ended]) => ended))
  clearTimeout(timer)
}

/** Starts a program and tracks it. */
export const startProcess = (options: ProcessOptions): StartedProcess => {
  const { name, command, args, logFile, cwd, environment } = options
  const log = openSync(logFile, 'w', 0o600)
  const child = spawn(command, args, { stdio: ['ignore', log, log], cwd, env: environment ?? process.env })
  closeSync(log)
  track(child)
  let failure = ''
  let hasEnded = false
  const ended = once(child, 'exit')
    .then(([status]: (number | null)[]) => status ?? -1)
    .catch((error: Error) => {
      failure = `: ${error.message}`
      return -1
    })
    .finally(() => {
      hasEnded = true
    })

  const toProblem = (what: string): string => {
    const end = readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-15)
    return [`${name} ${what}${failure}. Its log (${logFile}) ends with:`, ...end].join('\n')
  }
  const untilReady = async (probe: () => Promise<boolean>, timeout: number): Promise<void> => {
    const deadline = performance.now() + timeout
    while (!(await probe().catch(() => false))) {
      if (hasEnded) throw new Error(toProblem('ended while it was starting'))
      if (performance.now() > deadline) throw new Error(toProblem(`was not ready after ${timeout / 1000} s`))
      await sleep(20)
    }
  }
  return { ended, untilReady, kill: (signal) => void child.kill(signal), toProblem }
}

/** A probe: true when the URL answers 200 within a second. */
export const answersOk = (url: string) => async (): Promise<boolean> => {
  // Not `fetch`: loading it takes longer than all the probes of a start.
  const sent = get(url, { agent: false, signal: AbortSignal.timeout(1000) })
  const [response]: IncomingMessage[] = await once(sent, 'response')
  response?.resume()
  return response?.statusCode === 200
}
