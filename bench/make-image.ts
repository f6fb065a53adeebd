import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** What the image runs: the bundle, whose path this is, with these variables. */
export interface Image {
  readonly program: string
  readonly env: NodeJS.ProcessEnv
}

/** Does what the build of the image does: the bundle in `dist`, and a compile cache in `folder`. */
export const makeImage = (folder: string): Image => {
  const project = fileURLToPath(new URL('..', import.meta.url))
  const dockerfile = readFileSync(join(project, 'Dockerfile'), 'utf8')
  const find = (step: RegExp): string => step.exec(dockerfile)?.[1] ?? ''
  const variables = [...dockerfile.matchAll(/^ENV (\w+)=(\S+)$/gm)].map(([, name = '', value = '']) => [name, value])
  const env = { ...Object.fromEntries(variables), ...process.env, NODE_COMPILE_CACHE: join(folder, 'cache') }
  const run = (args: string): void => {
    execFileSync(process.execPath, args.split(' '), { cwd: project, env, stdio: 'ignore' })
  }
  run('scripts/bundle.ts')
  run(find(/^RUN .*\bnode (scripts\/fill-compile-cache\.ts .+)$/m))
  return { program: join(project, find(/^ENTRYPOINT \["node", "(.+)"\]$/m)), env }
}
