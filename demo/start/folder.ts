import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { rewriteBootstrap } from './bootstrap.ts'
import { rewritePolicy, setListenPorts } from './policy.ts'
import type { StartPorts, StartSettings } from './settings.ts'

/** The files that `npm start` runs from, in a folder of its own in each clone, which git ignores. */
export interface StartFolder {
  readonly policy: string
  readonly bootstrap: string
  readonly keySet: string
  readonly gateLog: string
  readonly envoyLog: string
}

/** The shipped bootstraps and policies. */
export const SHIPPED = new URL('../../envoy/', import.meta.url)

const HOSTS = { 'prefect.example.com': ['localhost', '127.0.0.1'] }

/**
 * Makes the folder, or fills in what the gate needs of it. The policy belongs to the user once it is there: only its
 * addresses follow the ports.
 */
export const prepareFolder = async (folder: string, { GATE_PORT, OPS_PORT }: StartPorts): Promise<StartFolder> => {
  const policy = join(folder, 'bearergate.yaml')
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await writeFile(join(folder, '.gitignore'), '*\n')
  const text = (await readIfThere(policy)) ?? (await makePolicy())
  await writeFile(policy, setListenPorts(text, { grpc: GATE_PORT, ops: OPS_PORT }))
  return {
    policy,
    bootstrap: join(folder, 'envoy.yaml'),
    keySet: join(folder, 'keys', 'demo.yaml'),
    gateLog: join(folder, 'gate.log'),
    envoyLog: join(folder, 'envoy.log'),
  }
}

/** Writes Envoy's bootstrap, new each time. */
export const writeBootstrap = async (file: string, { ports, upstream }: StartSettings): Promise<void> => {
  const changes = {
    comment: 'Made from envoy/one-host.yaml by each `npm start`: what you change here is lost.',
    ports: { listener: ports.PORT, admin: ports.ADMIN_PORT, gate: ports.GATE_PORT },
    service: upstream ?? { host: '127.0.0.1', port: ports.DEMO_PORT },
    hosts: HOSTS,
  }
  await writeFile(file, rewriteBootstrap(await readFile(new URL('one-host.yaml', SHIPPED), 'utf8'), changes))
}

const makePolicy = async (): Promise<string> =>
  rewritePolicy(await readFile(new URL('one-host.policy.yaml', SHIPPED), 'utf8'), {
    comment: 'Made from envoy/one-host.policy.yaml by the first `npm start`. Yours to change: it takes effect at once.',
    hosts: HOSTS,
    realm: 'bearergate demo',
  })

const readIfThere = async (file: string): Promise<string | undefined> => {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
