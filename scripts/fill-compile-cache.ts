import { spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

/**
 * Starts a gate, waits until it says SERVING, and ends it: Node keeps what it has compiled for that in NODE_COMPILE_CACHE,
 * for this user and these files alone, and later gates start sooner. The argument is the program.
 */
const [, , program = ''] = process.argv
const folder = mkdtempSync(join(tmpdir(), 'bearergate-'))
const config = join(folder, 'bearergate.yaml')
const anywhere = '127.0.0.1:0'
writeFileSync(
  config,
  JSON.stringify({
    listen: { grpc: anywhere, http: anywhere, ops: anywhere },
    doors: [{ kind: 'envoy', path: '/', trustedProxies: ['127.0.0.1'] }],
    drain: { delay: '0s' },
    keys: [{ file: 'keys.jsonl' }],
    routes: [{ rule: 'bearer' }],
  }),
)
const digest = createHash('sha256').update(randomBytes(32)).digest('hex')
writeFileSync(join(folder, 'keys.jsonl'), `${JSON.stringify({ id: 'nobody', digest: `sha256:${digest}` })}\n`)

const gate = spawn(process.execPath, [program, 'serve', '--config', config], { stdio: ['ignore', 'pipe', 'inherit'] })
const ended = once(gate, 'exit')
const lines: string[] = []
for await (const line of createInterface(gate.stdout)) {
  lines.push(line)
  if (line.includes('"msg":"SERVING"')) gate.kill('SIGTERM')
}
const [code] = await ended
rmSync(folder, { recursive: true })
if (code !== 0) console.error(`The gate did not start and end as it should:\n${lines.join('\n')}`)
process.exitCode = code ?? 1
