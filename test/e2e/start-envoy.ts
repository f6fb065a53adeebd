import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findEnvoy } from '../../scripts/envoy.ts'
import { startProcess } from './start-process.ts'
import { makeTemporaryFolder } from './temporary-folder.ts'
import { waitFor } from './wait-for.ts'

/** A real Envoy. */
export interface RunningEnvoy {
  /** The port of its listener on 127.0.0.1. */
  readonly port: number
  /** The lines of its access log so far. */
  readonly accessLog: () => readonly Readonly<Record<string, unknown>>[]
  /** The value of a counter or a gauge of its cluster `bearergate`. */
  readonly gateStat: (name: string) => Promise<number>
  readonly close: () => Promise<void>
}

/** Starts Envoy and waits until it takes requests, which is after its first health checks. */
export const startEnvoy = async (bootstrap: object, workers = 1): Promise<RunningEnvoy> => {
  const folder = makeTemporaryFolder()
  const config = join(folder.path, 'envoy.json')
  const adminAddress = join(folder.path, 'admin')
  writeFileSync(config, JSON.stringify(bootstrap))
  const envoy = startProcess(await findEnvoy(), [
    // Without hot restart several run side by side.
    ...['-c', config, '--disable-hot-restart', '--concurrency', `${workers}`, '--log-level', 'warning'],
    ...['--admin-address-path', adminAddress, '--file-flush-interval-msec', '50'],
  ])
  const close = async (): Promise<void> => {
    await envoy.close()
    folder.remove()
  }
  try {
    const admin = await waitFor('Envoy opens its admin', () => {
      envoy.assertAlive()
      return existsSync(adminAddress) ? readFileSync(adminAddress, 'utf8') || undefined : undefined
    })
    const port = await waitFor('Envoy takes requests', () => {
      envoy.assertAlive()
      return readPort(admin)
    })
    const accessLog = () => envoy.lines().map((line) => JSON.parse(line))
    return { port, accessLog, gateStat: (name) => readStat(admin, `cluster.bearergate.${name}`), close }
  } catch (error) {
    await close()
    throw error
  }
}

/** Undefined until Envoy is live, and when it is no more. */
const readPort = async (admin: string): Promise<number | undefined> => {
  const ready = await fetch(`http://${admin}/ready`).catch(() => undefined)
  if (!ready?.ok) return undefined
  const listeners = (await (await fetch(`http://${admin}/listeners?format=json`)).json()) as {
    listener_statuses?: { local_address: { socket_address: { port_value: number } } }[]
  }
  return listeners.listener_statuses?.[0]?.local_address.socket_address.port_value
}

const readStat = async (admin: string, name: string): Promise<number> => {
  const stats = await (await fetch(`http://${admin}/stats`)).text()
  const line = stats.split('\n').find((candidate) => candidate.startsWith(`${name}: `))
  if (!line) throw new Error(`Envoy has no statistic ${name}`)
  return Number(line.slice(name.length + 2))
}
