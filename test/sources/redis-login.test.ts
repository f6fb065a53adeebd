import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ErrorReply } from '@redis/client'
import test, { type ExecutionContext } from 'ava'
import { redisSource } from '../../src/config/redis-source-schema.ts'
import { takeStep } from '../../src/editors/take-step.ts'
import { openClient } from '../../src/redis/open-client.ts'
import { createRedisSource } from '../../src/sources/redis-source.ts'
import { makeFolder } from '../fixtures/folder.ts'
import { createRecorder } from '../fixtures/recorder.ts'

const PASSWORD = 'hunter2'
const UNKNOWN = `-ERR unknown command 'HELLO', with args beginning with: '3' 'AUTH' 'default' '${PASSWORD}' \r\n`
const MASTER = '*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n'

/** A server that answers each command, its words in a row, as it is told to, one after another. */
const startServer = async (t: ExecutionContext, answer: (command: string) => string | Promise<string>) => {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    let last = Promise.resolve()
    socket.on('error', () => {})
    socket.on('data', (chunk) => {
      // Commands come as *2 $6 CLIENT $4 INFO, and are short enough to come whole.
      for (const text of chunk
        .toString()
        .split(/^\*\d+\r\n/m)
        .slice(1)) {
        const command = text.split('\r\n').filter((_, index) => index % 2 === 1)
        last = last.then(async () => void socket.write(await answer(command.join(' '))))
      }
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const address = server.address()
  return typeof address === 'object' && address ? address.port : 0
}

const open = async (t: ExecutionContext, port: number) => {
  const passwordFile = join(makeFolder(t), 'password')
  writeFileSync(passwordFile, `${PASSWORD}\n`)
  const recorder = createRecorder()
  const settings = { url: `redis://127.0.0.1:${port}`, passwordFile }
  const source = await createRedisSource(redisSource.parse(settings), recorder.observer)
  t.teardown(source.close)
  return { source, name: `redis://127.0.0.1:${port} bearergate:*`, reloads: recorder.reloads }
}

const login = (port: number) =>
  openClient({ host: '127.0.0.1', port, username: undefined, password: PASSWORD, database: 0 })

test('H1: a server that quotes the arguments of HELLO: the password is neither in the log nor in a problem', async (t) => {
  const port = await startServer(t, () => UNKNOWN)
  const { source, name, reloads } = await open(t, port)
  const problem = `connection: 127.0.0.1:${port}: ERR unknown command 'HELLO'`
  t.deepEqual(source.problems(), [`${name}: ${problem}`])
  t.deepEqual(reloads, [`keys ${name}: ${problem}`])
  const error = await t.throwsAsync(login(port))
  t.is(error?.message, `127.0.0.1:${port}: ERR unknown command 'HELLO'`)
})

test('H1: a server that says the password in another way: it is replaced', async (t) => {
  const port = await startServer(t, () => `-WRONGPASS ${PASSWORD} is not it, ${PASSWORD} is not\r\n`)
  const error = await t.throwsAsync(login(port))
  t.is(error?.message, `127.0.0.1:${port}: WRONGPASS *** is not it, *** is not`)
})

test('H1: what the server refuses later is told without arguments, too', async (t) => {
  const answers = { HELLO: '%0\r\n', CLIENT: '+OK\r\n', ROLE: MASTER }
  const refusal = "-ERR unknown command 'GETRANGE', with args beginning with: 'bearergate:key:' \r\n"
  const port = await startServer(t, (command) => answers[command.split(' ')[0] as keyof typeof answers] ?? refusal)
  const { source, name } = await open(t, port)
  t.deepEqual(await source.lookUp?.('a'.repeat(64), undefined), { kind: 'unavailable' })
  t.deepEqual(source.problems(), [`${name}: read: ERR unknown command 'GETRANGE'`])
  const client = await login(port)
  t.teardown(() => client.destroy())
  const edit = await takeStep(client, () => {
    throw new ErrorReply(refusal.slice(1).trim())
  })
  t.deepEqual(edit, { kind: 'refused', reason: "nothing was changed: ERR unknown command 'GETRANGE'" })
})

for (const [what, late, refusal, problem] of [
  ['refused', 0, '-NOPERM this user may not track\r\n', () => 'NOPERM this user may not track'],
  ['late', 1_200, '-NOPERM too late to be heard\r\n', (port: number) => `127.0.0.1:${port} does not answer`],
] as const) {
  test(`M1: a CLIENT TRACKING that is ${what} fails the connection`, async (t) => {
    const port = await startServer(t, async (command) => {
      if (command.startsWith('HELLO')) return '%0\r\n'
      if (command.includes('BCAST')) return refusal
      if (command === 'ROLE') return MASTER
      if (command === 'CLIENT TRACKING OFF') await sleep(late)
      return '+OK\r\n'
    })
    const { source, name } = await open(t, port)
    t.false(source.isLoaded())
    t.deepEqual(source.problems(), [`${name}: connection: ${problem(port)}`])
  })
}
