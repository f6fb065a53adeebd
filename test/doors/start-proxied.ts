import { readFileSync } from 'node:fs'
import { findFreePorts } from '../../scripts/ports.ts'
import { startEchoUpstream } from '../e2e/echo-upstream.ts'
import { type PolicyFile, type RunningGate, startGateWith } from '../e2e/start-gate.ts'
import { type RunningProcess, startProcess } from '../e2e/start-process.ts'
import { KEY } from '../e2e/start-stack.ts'
import { makeTemporaryFolder } from '../e2e/temporary-folder.ts'
import { waitFor } from '../e2e/wait-for.ts'

/** An example at work: its proxy, its gate, and an echo as the service. */
export interface Proxied {
  /** The proxy's port on 127.0.0.1. */
  readonly port: number
  readonly gate: RunningGate
  readonly close: () => Promise<void>
}

/** What a proxy is started with. */
export interface Setting {
  readonly folder: string
  readonly port: number
  /** The ports of the gate and of the service. */
  readonly gate: number
  readonly upstream: number
  /** The content of a file of the example, with nothing changed but addresses. */
  readonly read: (file: string) => string
}

export interface ProxyProgram {
  readonly program: string
  readonly args: readonly string[]
}

/** The path of a file below `examples/`. */
export const example = (file: string): string => new URL(`../../examples/${file}`, import.meta.url).pathname

/** Starts the example in that folder; `prepare` writes what its proxy reads, and says how to start it. */
export const startProxied = async (
  name: string,
  prepare: (setting: Setting) => ProxyProgram,
  edit?: (policy: PolicyFile) => void,
): Promise<Proxied> => {
  const folder = makeTemporaryFolder()
  const upstream = await startEchoUpstream()
  const gate = await startGateWith(example(`${name}/bearergate.yaml`), { ci: KEY }, edit).catch((error: unknown) => {
    upstream.close()
    throw error
  })
  const [port = 0] = await findFreePorts(1)
  const read = (file: string): string =>
    readFileSync(example(`${name}/${file}`), 'utf8')
      .replaceAll('127.0.0.1:8080', `127.0.0.1:${port}`)
      .replaceAll('127.0.0.1:9002', `${gate.http}`)
      .replaceAll('127.0.0.1:4200', `127.0.0.1:${upstream.port}`)
  const { program, args } = prepare({
    folder: folder.path,
    port,
    gate: Number(gate.http?.split(':')[1]),
    upstream: upstream.port,
    read,
  })
  const proxy: RunningProcess = startProcess(program, args)
  const close = async (): Promise<void> => {
    await Promise.all([proxy.close(), gate.close()])
    upstream.close()
    folder.remove()
  }
  try {
    await waitFor(`${program} answers`, async () => {
      proxy.assertAlive()
      return fetch(`http://127.0.0.1:${port}/`, { redirect: 'manual' }).then(
        () => true as const,
        () => undefined,
      )
    })
    return { port, gate, close }
  } catch (error) {
    await close()
    throw error
  }
}
