import { execFile } from 'node:child_process'
import { access, constants, mkdir, rename } from 'node:fs/promises'
import { homedir } from 'node:os'
import { delimiter, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const VERSION = 'v1.36.1'
const GO_FOLDER = fileURLToPath(new URL('go', import.meta.url))

/** Paths of a kube-apiserver and an etcd. */
export interface Programs {
  readonly apiServer: string
  readonly etcd: string
}

/**
 * `KUBE_APISERVER` and `ETCD` from the environment, else what is on PATH; a kube-apiserver that is nowhere is built
 * with Go, once, into the user's cache folder (some 5 minutes). Throws, with what to do, when one cannot be had.
 */
export const findPrograms = async (): Promise<Programs> => {
  const etcd = await find('ETCD', 'etcd')
  if (!etcd) throw new Error('there is no etcd: install it (Debian: apt-get install etcd-server), or name one in ETCD')
  return { etcd, apiServer: (await find('KUBE_APISERVER', 'kube-apiserver')) ?? (await build()) }
}

const find = async (variable: string, name: string): Promise<string | undefined> => {
  const named = process.env[variable]
  if (named) {
    if (await isExecutable(named)) return resolve(named)
    throw new Error(`${variable} names ${named}, which is no executable file`)
  }
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    if (folder !== '' && (await isExecutable(resolve(folder, name)))) return resolve(folder, name)
  }
  return undefined
}

const build = async (): Promise<string> => {
  const home = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'bearergate')
  const program = join(home, `kube-apiserver-${VERSION}`)
  if (await isExecutable(program)) return program
  await mkdir(home, { recursive: true })
  const draft = `${program}.new-${process.pid}`
  const version = 'k8s.io/component-base/version'
  const flags = `-s -w -X ${version}.gitVersion=${VERSION} -X ${version}.gitMajor=1 -X ${version}.gitMinor=36`
  process.stderr.write(`building kube-apiserver ${VERSION} with Go: once, some 5 minutes\n`)
  const args = ['build', '-buildvcs=false', '-trimpath', '-ldflags', flags, '-o', draft]
  try {
    await promisify(execFile)('go', [...args, 'k8s.io/kubernetes/cmd/kube-apiserver'], {
      cwd: GO_FOLDER,
      env: { ...process.env, GOWORK: 'off', GOFLAGS: '' },
      maxBuffer: 16_777_216,
    })
  } catch (error) {
    const why = (error as { stderr?: string }).stderr?.trim() || (error as Error).message
    throw new Error(
      `kube-apiserver cannot be built: ${why}\nInstall Go 1.26, or put a kube-apiserver on PATH, or name one in KUBE_APISERVER`,
    )
  }
  await rename(draft, program)
  return program
}

const isExecutable = async (path: string): Promise<boolean> => {
  try {
    await access(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
