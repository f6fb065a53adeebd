import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Cluster, openCluster } from '../../src/kubernetes/cluster.ts'
import { type RunningProcess, startProcess } from '../e2e/start-process.ts'
import { waitFor } from '../e2e/wait-for.ts'
import { findPrograms } from './find-programs.ts'

/** A real kube-apiserver on a real etcd: objects are kept, watched and guarded by RBAC, and nothing acts on them. */
export interface ControlPlane {
  /** Where files of a test may go. */
  readonly folder: string
  readonly port: number
  /** The certificate of the API, PEM. */
  readonly readAuthority: () => string
  readonly admin: Cluster
  /** Writes a kubeconfig file for whoever has that token. */
  readonly writeKubeconfig: (name: string, token: string, namespace?: string) => string
  /** Stops the API server alone; it is away until `startApi`. */
  readonly stopApi: () => Promise<void>
  readonly startApi: () => Promise<void>
  readonly signalApi: (signal: 'SIGSTOP' | 'SIGCONT') => void
  readonly close: () => Promise<void>
}

export const startControlPlane = async (): Promise<ControlPlane> => {
  const programs = await findPrograms()
  const folder = mkdtempSync(join(tmpdir(), 'bearergate-kubernetes-'))
  const [port, etcdPort, peerPort] = [await freePort(), await freePort(), await freePort()]
  const file = (name: string): string => join(folder, name)
  const token = randomBytes(16).toString('hex')
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  writeFileSync(file('accounts.key'), privateKey.export({ type: 'pkcs1', format: 'pem' }))
  writeFileSync(file('tokens.csv'), `${token},admin,admin,system:masters\n`)

  const etcdUrl = `http://127.0.0.1:${etcdPort}`
  const peerUrl = `http://127.0.0.1:${peerPort}`
  const etcd = startProcess(programs.etcd, [
    ...['--data-dir', file('etcd'), '--unsafe-no-fsync'],
    ...['--listen-client-urls', etcdUrl, '--advertise-client-urls', etcdUrl],
    ...['--listen-peer-urls', peerUrl, '--initial-advertise-peer-urls', peerUrl],
    ...['--initial-cluster', `default=${peerUrl}`],
  ])
  let api: RunningProcess | undefined

  const authority = file('certificates/apiserver.crt')
  const writeKubeconfig = (name: string, userToken: string, namespace = 'default'): string => {
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [
        { name: 'test', cluster: { server: `https://127.0.0.1:${port}`, 'certificate-authority': authority } },
      ],
      users: [{ name, user: { token: userToken } }],
      contexts: [{ name: 'test', context: { cluster: 'test', user: name, namespace } }],
      'current-context': 'test',
    }
    writeFileSync(file(`${name}.kubeconfig`), JSON.stringify(config))
    return file(`${name}.kubeconfig`)
  }
  const admin = await openCluster({ kubeconfig: writeKubeconfig('admin', token) })
  const isReady = async (): Promise<true | undefined> => {
    etcd.assertAlive()
    api?.assertAlive()
    const answer = await admin
      .send({ method: 'GET', path: '/readyz', signal: AbortSignal.timeout(1_000) })
      .catch(() => undefined)
    answer?.resume()
    return answer?.statusCode === 200 || undefined
  }
  const startApi = async (): Promise<void> => {
    api = startProcess(programs.apiServer, [
      ...[`--etcd-servers=${etcdUrl}`, '--bind-address=127.0.0.1', '--advertise-address=127.0.0.1'],
      ...[`--secure-port=${port}`, `--cert-dir=${file('certificates')}`, '--service-cluster-ip-range=10.0.0.0/24'],
      ...['--authorization-mode=RBAC', `--token-auth-file=${file('tokens.csv')}`],
      ...[`--service-account-issuer=https://127.0.0.1:${port}`, '--disable-admission-plugins=ServiceAccount'],
      ...[`--service-account-key-file=${file('accounts.key')}`],
      ...[`--service-account-signing-key-file=${file('accounts.key')}`],
    ])
    await waitFor('the API server is ready', isReady, 60_000)
  }
  const stopApi = async (): Promise<void> => api?.close()
  const close = async (): Promise<void> => {
    await stopApi()
    await etcd.close()
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    await startApi()
  } catch (error) {
    await close()
    throw error
  }
  return {
    folder,
    port,
    readAuthority: () => readFileSync(authority, 'utf8'),
    admin,
    writeKubeconfig,
    stopApi,
    startApi,
    signalApi: (signal) => api?.kill(signal),
    close,
  }
}

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address ? address.port : 0
}
