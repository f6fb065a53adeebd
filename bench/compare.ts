import { execFileSync } from 'node:child_process'
import { cpus, loadavg } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { buildGoPrograms } from '../scripts/build-go-programs.ts'
import { findGo } from '../scripts/go.ts'
import type { Bench, Part } from './bench.ts'
import { makeFixtures } from './fixtures.ts'
import { makeImage } from './make-image.ts'
import { measureDenials } from './parts/denials.ts'
import { measureEnvoy } from './parts/envoy.ts'
import { measureFlood } from './parts/flood.ts'
import { measureKey } from './parts/key.ts'
import { measureStart } from './parts/start.ts'
import { measureTokens } from './parts/tokens.ts'

/**
 * Prints as Markdown what a check costs here, beside the least that @grpc/grpc-js can do, the same task in Go, and Envoy's
 * own filters. Linux alone. Nothing fails for being slow: times are of this machine, ratios are what counts.
 */
const PARTS = new Map<string, readonly [title: string, part: Part]>([
  ['key', ['API key', measureKey]],
  ['tokens', ['Access token', measureTokens]],
  ['denials', ['Denial beside allowance', measureDenials]],
  ['flood', ['Flood of bad credentials', measureFlood]],
  ['start', ['Start and idle memory', measureStart]],
  ['envoy', ['Through Envoy, one thread, saturated', measureEnvoy]],
])

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seconds: { type: 'string', default: '2' }, rounds: { type: 'string', default: '3' } },
})
for (const name of positionals) {
  if (!PARTS.has(name)) throw new Error(`there is no part ${name}: ${[...PARTS.keys()].join(', ')}`)
}

const report = (line: string): void => console.error(line)
const programs = await buildGoPrograms({
  name: 'bench',
  folder: fileURLToPath(new URL('go', import.meta.url)),
  packages: ['./load', './reference'],
  takes: 'some minutes',
})
const fixtures = await makeFixtures()
process.on('exit', fixtures.remove)
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1))
const bench: Bench = {
  ...{ fixtures, programs, report, image: makeImage(fixtures.folder) },
  ...{ seconds: Number(values.seconds), rounds: Number(values.rounds) },
}

const [processor] = cpus()
const go = execFileSync(await findGo(report), ['version'], { encoding: 'utf8' }).split(' ')[2]
const machine = `${cpus().length} × ${processor?.model}, load ${loadavg()[0]?.toFixed(1)}`
console.log(`${new Date().toISOString().slice(0, 10)}, ${machine}, Node ${process.version}, ${go}`)
for (const [name, [title, measure]] of PARTS) {
  if (positionals.length > 0 && !positionals.includes(name)) continue
  report(`\n${name}`)
  console.log(['', `## ${title}`, '', ...(await measure(bench))].join('\n'))
}
