import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The environment in which the image runs: its variables, and a compile cache in `folder`, filled as its build fills it. */
export const makeImageEnvironment = (folder: string): NodeJS.ProcessEnv => {
  const project = fileURLToPath(new URL('..', import.meta.url))
  const dockerfile = readFileSync(join(project, 'Dockerfile'), 'utf8')
  const variables = [...dockerfile.matchAll(/^ENV (\w+)=(\S+)$/gm)].map(([, name = '', value = '']) => [name, value])
  const env = { ...Object.fromEntries(variables), ...process.env, NODE_COMPILE_CACHE: join(folder, 'cache') }
  for (const [, args = ''] of dockerfile.matchAll(/^RUN .*\bnode (.+)$/gm)) {
    execFileSync(process.execPath, args.split(' '), { cwd: project, env, stdio: 'ignore' })
  }
  return env
}
