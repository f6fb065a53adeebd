import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { rewriteBootstrap } from '../start/bootstrap.ts'
import { writeFirstKey } from '../start/first-key.ts'
import { SHIPPED } from '../start/folder.ts'
import { rewritePolicy, setListenPorts } from '../start/policy.ts'

export interface PrefectPorts {
  readonly listener: number
  readonly admin: number
  readonly gate: number
  readonly ops: number
  readonly service: number
}

/** Every program resolves these two names, without a change to the machine. */
export const HOSTS = { api: '127.0.0.1', ui: 'localhost' }

/**
 * Writes `bearergate.yaml` and `envoy.yaml` from the shipped front proxy, and a key set with one new key into a new
 * folder. Returns the secret of the key.
 */
export const writePrefectFiles = async (folder: string, ports: PrefectPorts): Promise<string> => {
  const comment = 'Made from the shipped file for the Prefect demo.'
  const hosts = { 'api.prefect.example.com': [HOSTS.api], 'ui.prefect.example.com': [HOSTS.ui] }

  const policy = rewritePolicy(await readShipped('front-proxy.policy.yaml'), { comment, hosts, realm: 'Prefect API' })
  await writeFile(join(folder, 'bearergate.yaml'), setListenPorts(policy, { grpc: ports.gate, ops: ports.ops }))

  const service = { host: '127.0.0.1', port: ports.service }
  const bootstrap = rewriteBootstrap(await readShipped('front-proxy.yaml'), { comment, ports, service, hosts })
  await writeFile(join(folder, 'envoy.yaml'), bootstrap)

  const secret = await writeFirstKey(join(folder, 'keys', 'demo.yaml'), 'demo')
  if (!secret) throw new Error(`${folder} has a key set already`)
  return secret
}

const readShipped = (name: string): Promise<string> => readFile(new URL(name, SHIPPED), 'utf8')
