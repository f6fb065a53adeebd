import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { findFreePorts } from '../scripts/ports.ts'
import { toDigest } from '../src/key/digest.ts'
import { eventually } from './fixtures/eventually.ts'
import { makeFolder } from './fixtures/folder.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

const IMAGE_USER = { uid: 1000, gid: 1000 }

/** The steps of the Dockerfile: instruction and arguments. */
const steps = readFileSync(join(ROOT, 'Dockerfile'), 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
  .map((line) => {
    const [instruction = '', ...rest] = line.split(' ')
    return { instruction, text: rest.join(' '), words: rest }
  })

/** All that is started beside the program has a part in it: workers, and the thread that reads large key sets. */
const toConfig = (ops: string): object => ({
  listen: { grpc: '127.0.0.1:0', ops },
  drain: { delay: '0s' },
  workers: 2,
  keys: [{ file: 'keys.jsonl' }],
  routes: [{ rule: 'bearer' }],
})
const KEY_LINES = Array.from(
  { length: 4_000 },
  (_, number) => `${JSON.stringify({ id: `key-${number}`, digest: `sha256:${toDigest(`${number}`)}` })}\n`,
).join('')

const find = (instruction: string): string => steps.findLast((step) => step.instruction === instruction)?.text ?? ''

test('the image is small in rights: not root, production packages, SIGTERM, a health check', (t) => {
  t.is(find('USER'), '1000:1000')
  t.is(find('STOPSIGNAL'), 'SIGTERM')
  t.true(steps.some(({ text }) => text === 'npm ci --omit=dev --ignore-scripts'))
  t.regex(find('HEALTHCHECK'), /\/livez/)
  t.deepEqual(
    steps.filter(({ instruction }) => instruction === 'FROM').map(({ words }) => words[0]),
    ['node:26-slim', 'node:26-slim', 'node:26-slim'],
  )
})

// No engine is needed: the same copies and commands, in an empty folder for each stage, as a user who may write nowhere.
test('the steps of the Dockerfile, rehearsed, make a gate that serves', async (t) => {
  const folder = makeFolder(t)
  const stages = new Map<string | undefined, string>()
  let app = ''
  // The user of the image may not reach this process's own Node. Copied by a program of its own: a file that this process
  // has open for writing cannot be started while another test forks (ETXTBSY).
  const node = join(folder, 'node')
  execFileSync('cp', [process.execPath, node])
  chmodSync(folder, 0o755)
  const isRoot = process.getuid?.() === 0
  const buildPath = { PATH: `${folder}:${process.env['PATH']}` }
  let env: Record<string, string> = {}
  const copy = (source: string): void => cpSync(join(ROOT, source), join(app, source), { recursive: true })
  let user = {}
  for (const { instruction, text, words } of steps) {
    if (instruction === 'FROM') {
      app = join(folder, `stage-${stages.size}`)
      mkdirSync(app)
      stages.set(words[2], app)
      env = {}
    }
    if (instruction === 'USER' && isRoot) user = IMAGE_USER
    if (instruction === 'ENV') {
      const [, name = '', value = ''] = /^(\w+)=(.+)$/.exec(text) ?? []
      env[name] = value.replace('/app', app)
    }
    if (instruction === 'COPY') {
      const [, stage, made = ''] = /^--from=(\w+) \/app\/(\S+) /.exec(text) ?? []
      if (stage !== undefined) renameSync(join(stages.get(stage) ?? '', made), join(app, made))
      else for (const source of words.slice(0, -1)) copy(source)
    }
    // All packages, with those for development: what this very command has put into the checkout.
    if (text === 'npm ci --ignore-scripts') symlinkSync(join(ROOT, 'node_modules'), join(app, 'node_modules'))
    else if (instruction === 'RUN') {
      const [, source, command = ''] = /^(?:--mount=type=bind,source=(\w+),\S+ )?(.+)$/.exec(text) ?? []
      if (source !== undefined) copy(source)
      // Only root can give a folder to another user.
      const possible = isRoot ? command : command.replace(' -o 1000 -g 1000', '')
      execFileSync('sh', ['-c', possible], {
        cwd: app,
        stdio: 'ignore',
        env: { ...process.env, ...env, ...buildPath },
        ...user,
      })
      if (source !== undefined) rmSync(join(app, source), { recursive: true })
    }
  }
  const config = join(folder, 'bearergate.yaml')
  const ops = `127.0.0.1:${(await findFreePorts(1))[0]}`
  writeFileSync(config, JSON.stringify(toConfig(ops)))
  writeFileSync(join(folder, 'keys.jsonl'), KEY_LINES)

  const [program = '', ...entry] = JSON.parse(find('ENTRYPOINT')) as string[]
  t.is(program, 'node')
  const child = spawn(node, [...entry, 'serve', '--config', config], {
    cwd: app,
    env: { ...env, PATH: '/nowhere', TMPDIR: '/nowhere' },
    stdio: ['ignore', 'pipe', 'inherit'],
    ...user,
  })
  t.teardown(() => child.kill('SIGKILL'))
  let out = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    out += chunk
  })
  t.true(await eventually(() => out.includes('"SERVING"'), 20_000), out)
  const check = JSON.parse(find('HEALTHCHECK').replace(/^.*? CMD /, '')) as string[]
  const script = check.at(-1)?.replace('127.0.0.1:9003', ops) ?? ''
  t.notThrows(() => execFileSync(process.execPath, ['-e', script]))
  child.kill('SIGTERM')
  t.deepEqual(await once(child, 'exit'), [0, null])
  // Node keeps what it compiled for one user alone: there is only that of the user who runs it.
  const [compiled = '', ...others] = readdirSync(join(app, '.cache'))
  t.deepEqual(others, [])
  t.true(compiled.endsWith(`-${isRoot ? IMAGE_USER.uid : process.getuid?.()}`), compiled)
})
