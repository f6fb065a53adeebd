import { readFile } from 'node:fs/promises'
import type { RedisSourceConfig } from '../config/redis-source-schema.ts'
import { type Client, type Endpoint, openClient } from './open-client.ts'

/** Finds the server that holds the keys now. Throws when nobody can say, within a second for each that is asked. */
export const locateServer = async (config: RedisSourceConfig): Promise<Endpoint> => {
  const { url, sentinel, cluster = [], username, passwordFile, database } = config
  const own = { username, password: await readPassword(passwordFile), ...(await readTls(config)) }
  if (url !== undefined) return { ...own, ...toAddress(url), database }
  if (sentinel) {
    const login = { username: sentinel.username, password: await readPassword(sentinel.passwordFile) }
    const address = await askEach(sentinel.urls, { ...own, ...login }, (client) => askSentinel(client, sentinel.name))
    return { ...own, ...address, database }
  }
  return {
    ...own,
    ...(await askEach(cluster, own, (client, asked) => askNode(client, asked, config.prefix))),
    database: 0,
  }
}

/** What people know the source by. */
export const toSourceName = ({ url, sentinel, cluster = [], prefix }: RedisSourceConfig): string =>
  `${url ?? (sentinel ? `sentinel ${sentinel.name}` : `cluster ${cluster[0]}`)} ${prefix}*`

type Address = Pick<Endpoint, 'host' | 'port'>

const askEach = async (
  urls: readonly string[],
  access: Omit<Endpoint, 'host' | 'port' | 'database'>,
  ask: (client: Client, asked: Address) => Promise<Address>,
): Promise<Address> => {
  const failures: string[] = []
  for (const url of urls) {
    const address = toAddress(url)
    let client: Client | undefined
    try {
      client = await openClient({ ...access, ...address, database: 0 })
      return await ask(client, address)
    } catch (error) {
      failures.push(`${url}: ${error instanceof Error ? error.message : error}`)
    } finally {
      client?.destroy()
    }
  }
  throw new Error(failures.join('; '))
}

const askSentinel = async (client: Client, name: string): Promise<Address> => {
  const found = await client.sendCommand(['SENTINEL', 'GET-MASTER-ADDR-BY-NAME', name])
  if (!Array.isArray(found)) throw new Error(`it knows no servers named ${name}`)
  return { host: String(found[0]), port: Number(found[1]) }
}

/** Redis Cluster specification: all names with one hash tag are in one slot, which one master serves. */
const askNode = async (client: Client, asked: Address, prefix: string): Promise<Address> => {
  const slot = Number(await client.sendCommand(['CLUSTER', 'KEYSLOT', prefix]))
  const ranges = await client.sendCommand(['CLUSTER', 'SLOTS'])
  for (const [first, last, node] of Array.isArray(ranges) ? ranges : []) {
    // A node that does not know its own name leaves it out: it is the one that was asked.
    if (first <= slot && slot <= last) return { host: node[0] ? String(node[0]) : asked.host, port: Number(node[1]) }
  }
  throw new Error(`nobody serves slot ${slot}, where the names with ${prefix} are`)
}

const toAddress = (url: string): Address => {
  const { hostname, port } = new URL(url)
  return { host: hostname.replace(/^\[(.*)\]$/, '$1'), port: port === '' ? 6379 : Number(port) }
}

/** Read at each connection: a changed password counts from the next one on. */
const readPassword = async (path: string | undefined): Promise<string | undefined> =>
  path === undefined ? undefined : (await readFile(path, 'utf8')).replace(/\r?\n$/, '')

const readTls = async (config: RedisSourceConfig): Promise<Pick<Endpoint, 'tls'>> => {
  const { url, sentinel, cluster, caFile, serverName } = config
  const first = url ?? sentinel?.urls[0] ?? cluster?.[0] ?? ''
  if (!first.startsWith('rediss:')) return {}
  const ca = caFile === undefined ? undefined : await readFile(caFile, 'utf8')
  return { tls: { ...(ca !== undefined && { ca }), ...(serverName !== undefined && { servername: serverName }) } }
}
