import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openCachedFolder } from '../../scripts/cached-folder.ts'
import { findProgram } from '../../scripts/find-program.ts'
import { findGo } from '../../scripts/go.ts'
import { runProgram } from '../../scripts/run-program.ts'

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
  const etcd = await findProgram('ETCD', 'etcd')
  if (!etcd) throw new Error('there is no etcd: install it (Debian: apt-get install etcd-server), or name one in ETCD')
  return { etcd, apiServer: (await findProgram('KUBE_APISERVER', 'kube-apiserver')) ?? (await build()) }
}

const build = async (): Promise<string> => {
  const home = await openCachedFolder(`kubernetes-${VERSION}`, async (draft) => {
    const report = (line: string): void => void process.stderr.write(`${line}\n`)
    const go = await findGo(report)
    report(`building kube-apiserver ${VERSION} with Go: once, some 5 minutes`)
    const version = 'k8s.io/component-base/version'
    const flags = `-s -w -X ${version}.gitVersion=${VERSION} -X ${version}.gitMajor=1 -X ${version}.gitMinor=36`
    const args = ['build', '-buildvcs=false', '-trimpath', '-ldflags', flags, '-o', join(draft, 'bin/')]
    await mkdir(join(draft, 'bin'))
    await runProgram(
      go,
      [...args, 'k8s.io/kubernetes/cmd/kube-apiserver'],
      'put a kube-apiserver on PATH, or name one in KUBE_APISERVER',
      { cwd: GO_FOLDER, environment: { GOWORK: 'off', GOFLAGS: '' }, timeout: 3_600_000 },
    )
  })
  return join(home, 'bin', 'kube-apiserver')
}
