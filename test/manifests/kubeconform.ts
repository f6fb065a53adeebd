import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { ExecutionContext } from 'ava'
import { findManifestTools } from '../../scripts/manifest-tools.ts'
import { makeFolder } from '../fixtures/folder.ts'

/**
 * What is wrong with manifests, which are given by a name, by the strict schemas of Kubernetes and of the custom
 * resources. A kind without a schema is a problem too, unless it is named in `unknown`.
 */
export const findProblems = async (
  t: ExecutionContext,
  manifests: Readonly<Record<string, string>>,
  unknown: readonly string[] = [],
): Promise<readonly string[]> => {
  const { kubeconform, schemas } = await findManifestTools()
  const folder = makeFolder(t)
  const files = Object.entries(manifests).map(([name, text], index) => {
    const file = join(folder, `${index}-${name.replaceAll('/', '-')}.yaml`)
    writeFileSync(file, text)
    return file
  })
  const custom = '{{.ResourceKind}}-{{.Group}}-{{.ResourceAPIVersion}}.json'
  const locations = [`${schemas.kubernetes}/{{.ResourceKind}}{{.KindSuffix}}.json`, `${schemas.custom}/${custom}`]
  const args = ['-strict', '-output', 'json', ...locations.flatMap((location) => ['-schema-location', location])]
  const skip = unknown.length > 0 ? ['-skip', unknown.join()] : []
  const printed = await new Promise<string>((resolve, reject) => {
    // Its status is 1 when it has found a problem.
    execFile(kubeconform, [...args, ...skip, ...files], (error, stdout, stderr) => {
      if (stdout === '') reject(new Error(`kubeconform: ${stderr || error?.message}`))
      else resolve(stdout)
    })
  })
  const { resources } = JSON.parse(printed) as {
    readonly resources: readonly Readonly<Record<'filename' | 'kind' | 'name' | 'msg', string>>[]
  }
  return resources.map(({ filename, kind, name, msg }) => `${basename(filename)}: ${kind} ${name}: ${msg}`)
}
