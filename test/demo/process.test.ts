import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { startProcess } from '../../scripts/start-process.ts'

const startScript = (t: ExecutionContext, script: string, command = process.execPath) => {
  const folder = mkdtempSync(join(tmpdir(), 'bearergate-test-'))
  const logFile = join(folder, 'program.log')
  const started = startProcess({ name: 'The program', command, args: ['--eval', script], logFile })
  t.teardown(async () => {
    started.kill('SIGKILL')
    await started.ended
    rmSync(folder, { recursive: true })
  })
  return { ...started, logFile }
}

test('a program that ends while it starts is reported with the end of its log', async (t) => {
  const program = startScript(t, 'console.error("no such file: x"); process.exit(78)')
  const error = await t.throwsAsync(program.untilReady(async () => false, 30_000))
  t.is(
    error?.message,
    `The program ended while it was starting. Its log (${program.logFile}) ends with:\nno such file: x`,
  )
  t.is(await program.ended, 78)
})

test('a program that is never ready is reported after the time that it had', async (t) => {
  const program = startScript(t, 'setInterval(() => {}, 1000)')
  const error = await t.throwsAsync(program.untilReady(async () => false, 50))
  t.true(error?.message.startsWith('The program was not ready after 0.05 s.'))
})

test('a program that does not exist is reported', async (t) => {
  const program = startScript(t, '', '/no/such/program')
  const error = await t.throwsAsync(program.untilReady(async () => false, 30_000))
  t.regex(error?.message ?? '', /^The program ended while it was starting: spawn \/no\/such\/program ENOENT\./)
  t.is(await program.ended, -1)
})
