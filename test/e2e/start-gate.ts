import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse, stringify } from 'yaml'
import { type BootstrapName, type GateAddress, shipped } from './read-bootstrap.ts'
import { type RunningProcess, startProcess } from './start-process.ts'
import { makeTemporaryFolder } from './temporary-folder.ts'
import { waitFor } from './wait-for.ts'

/** As much of `bearergate.yaml` as the tests change. */
export interface PolicyFile {
  listen: { grpc?: string; http?: string; ops: string }
  [field: string]: unknown
}

/** A real gate. */
export interface RunningGate extends RunningProcess {
  /** Where Envoy asks it. */
  readonly address: GateAddress
  /** Where proxies ask it over HTTP, if they do. */
  readonly http: string | undefined
}

const main = new URL('../../src/main.ts', import.meta.url).pathname

/**
 * Starts the gate with a shipped policy and waits until it is ready. Nothing in the policy is changed but the addresses
 * it listens on, and what `edit` changes. `keys` are API keys by id.
 */
export const startGate = (
  name: BootstrapName,
  keys: Readonly<Record<string, string>>,
  edit?: (policy: PolicyFile) => void,
): Promise<RunningGate> => startGateWith(shipped(`${name}.policy.yaml`), keys, edit)

/** The same with the policy at that path. */
export const startGateWith = async (
  path: string,
  keys: Readonly<Record<string, string>>,
  edit: (policy: PolicyFile) => void = () => {},
): Promise<RunningGate> => {
  const folder = makeTemporaryFolder()
  const policy = parse(readFileSync(path, 'utf8')) as PolicyFile
  const unix = policy.listen.grpc?.startsWith('unix:')
  policy.listen = {
    ...(policy.listen.http && { http: '127.0.0.1:0' }),
    grpc: unix ? `unix:${join(folder.path, 'check.sock')}` : '127.0.0.1:0',
    ops: '127.0.0.1:0',
  }
  edit(policy)
  mkdirSync(join(folder.path, 'keys'))
  for (const [id, secret] of Object.entries(keys)) writeFileSync(join(folder.path, 'keys', id), secret)
  const config = join(folder.path, 'bearergate.yaml')
  writeFileSync(config, stringify(policy))

  const gate = startProcess(process.execPath, [main, 'serve', '--config', config])
  const close = async (): Promise<void> => {
    await gate.close()
    folder.remove()
  }
  try {
    const { grpc, http, ops } = await waitFor('the gate says where it listens', () => {
      gate.assertAlive()
      return gate.lines().map(toListening).find(Boolean)
    })
    await waitFor('the gate is ready', async () => (await fetch(`http://${ops}/readyz`)).ok || undefined)
    return { ...gate, close, address: grpc, http }
  } catch (error) {
    await close()
    throw error
  }
}

interface Listening {
  readonly grpc: string
  readonly http?: string
  readonly ops: string
}

const toListening = (line: string): Listening | undefined => {
  const { msg, ...addresses } = JSON.parse(line) as { readonly msg: string } & Listening
  return msg === 'listening' ? addresses : undefined
}
