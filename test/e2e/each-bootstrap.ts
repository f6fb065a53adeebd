import test from 'ava'
import { BOOTSTRAPS, type BootstrapName } from './read-bootstrap.ts'
import { type Stack, startStack } from './start-stack.ts'

/** A shipped bootstrap, and the host that its API is on. */
export interface Subject {
  readonly name: BootstrapName
  readonly host: string
  /** The running stack that the tests of one file share; the first call starts it. */
  readonly stack: () => Promise<Stack>
}

const API_HOSTS: Readonly<Record<BootstrapName, string>> = {
  'front-proxy': 'api.prefect.example.com',
  'one-host': 'prefect.example.com',
  sidecar: 'any.example.net',
}

/** Declares the same tests for every shipped bootstrap. */
export const eachBootstrap = (declare: (subject: Subject) => void): void => {
  for (const name of BOOTSTRAPS) declare({ name, host: API_HOSTS[name], stack: shareStack(name) })
}

/** One stack for all tests of a file; it is closed after them. */
export const shareStack = (name: BootstrapName): (() => Promise<Stack>) => {
  let started: Promise<Stack> | undefined
  test.after.always(`close ${name}`, async () => (await started)?.close())
  return () => {
    started ??= startStack(name)
    return started
  }
}
