import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { showStep } from './show-step.js'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const BIN = join(ROOT, 'node_modules', '.bin')
const NODE = join(BIN, 'node')
const LEAST_NODE = 26

/**
 * Installs the npm packages unless they are there as package-lock.json names them, and checks that they brought a Node
 * that can run the program. Plain JavaScript for Node 20: it runs before anything is installed.
 *
 * @returns {Promise<{kind: 'ready', node: string} | {kind: 'failed', message: string}>}
 */
export async function setUp() {
  try {
    if (!isInstalled() || !existsSync(NODE))
      await showStep('installing npm packages (a minute or so the first time)', installPackages)
  } catch (error) {
    return { kind: 'failed', message: `npm ci failed in ${ROOT}\n${error.message}` }
  }
  const problem = findNodeProblem()
  return problem ? { kind: 'failed', message: problem } : { kind: 'ready', node: NODE }
}

/** True when npm's own record of node_modules names every package at the version that package-lock.json asks for. */
function isInstalled() {
  const wanted = readPackages('package-lock.json')
  const found = readPackages('node_modules/.package-lock.json')
  if (!wanted || !found) return false
  return Object.entries(wanted).every(
    ([path, { version, optional }]) => path === '' || optional || found[path]?.version === version,
  )
}

function readPackages(file) {
  try {
    return JSON.parse(readFileSync(join(ROOT, file), 'utf8')).packages
  } catch {
    return undefined
  }
}

/** Rejects with what npm said when it failed. A signal to this process stops npm first. */
async function installPackages() {
  // Without our own .bin in the PATH: npm must not run on the Node that it is about to replace.
  const path = process.env.PATH.split(delimiter).filter((folder) => folder !== BIN)
  const npm = spawn('npm', ['ci', '--loglevel=error', '--no-progress'], {
    cwd: ROOT,
    env: { ...process.env, PATH: path.join(delimiter) },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [npm.stdout, npm.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      output += text
    })
  }
  let stopped = false
  const stop = (signal) => {
    stopped = true
    npm.kill(signal)
    setTimeout(() => npm.kill('SIGKILL'), 2000).unref()
  }
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
  for (const signal of signals) process.on(signal, stop)
  const [status] = await once(npm, 'close')
  for (const signal of signals) process.off(signal, stop)
  if (stopped) process.exit(1)
  if (status !== 0) throw new Error(output.trim() || `it ended with status ${status}`)
}

/** True when this very process runs on the Node of the npm packages: npm puts it first in the PATH once it is there. */
export function runsOnOurNode() {
  return existsSync(NODE) && realpathSync(NODE) === process.execPath
}

function findNodeProblem() {
  const { stdout, stderr, error } = runsOnOurNode()
    ? { stdout: process.version }
    : spawnSync(NODE, ['--version'], { encoding: 'utf8' })
  const version = stdout?.trim() ?? ''
  if (Number(/^v(\d+)\./.exec(version)?.[1]) >= LEAST_NODE) return undefined
  const found = version || stderr?.trim() || error?.message || 'it says nothing'
  if (found.includes('libatomic')) {
    return `Node ${LEAST_NODE} needs the library libatomic. On Debian and Ubuntu: apt-get install libatomic1\n${found}`
  }
  return [
    `bearergate needs Node ${LEAST_NODE} or newer, but node_modules/.bin/node does not give it: ${found}`,
    'The npm package "node" brings it by its preinstall script. If install scripts are switched off',
    '(npm config get ignore-scripts), switch them on for this install, then try again:',
    '  rm -rf node_modules && npm ci --ignore-scripts=false',
  ].join('\n')
}

/** Runs a script of this folder on our Node; 1 for one that was killed. */
async function runScript(node, name) {
  const child = spawn(node, [join(ROOT, 'scripts', name)], { stdio: 'inherit' })
  const [status] = await once(child, 'exit')
  return status ?? 1
}

/** With `--envoy` also an Envoy, with `--manifests` what checks the manifests: the tests need both. */
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const outcome = await setUp()
  if (outcome.kind === 'failed') {
    console.error(outcome.message)
    process.exitCode = 1
  } else {
    const scripts = { '--envoy': 'envoy.ts', '--manifests': 'manifest-tools.ts' }
    const wanted = Object.keys(scripts).filter((option) => process.argv.includes(option))
    process.exitCode = Math.max(
      0,
      ...(await Promise.all(wanted.map((option) => runScript(outcome.node, scripts[option])))),
    )
  }
}
