import { once } from 'node:events'
import { status } from '@grpc/grpc-js'
import test from 'ava'
import { callGrpc } from './call-grpc.ts'
import { eachBootstrap } from './each-bootstrap.ts'
import { CI, FORGED, toIdentityLines } from './identity-lines.ts'
import { openWebsocket } from './send-request.ts'
import { WITH_KEY } from './start-stack.ts'

eachBootstrap(({ name, host, stack }) => {
  test.serial(`${name}: upgrade_configs: a websocket opens with a key and carries bytes both ways`, async (t) => {
    const { envoy } = await stack()
    const headers = [WITH_KEY, ...FORGED]
    const handshake = await openWebsocket(envoy.port, { host, path: '/api/events/in', headers })
    if (handshake.kind === 'refused') return t.fail(`refused with ${handshake.status}`)
    t.teardown(() => handshake.socket.destroy())
    t.deepEqual(toIdentityLines(handshake.seen), CI)
    handshake.socket.write('over and back')
    t.is(`${(await once(handshake.socket, 'data'))[0]}`, 'over and back')
  })

  test.serial(`${name}: a gRPC client without a credential gets UNAUTHENTICATED and one plain line`, async (t) => {
    const { envoy } = await stack()
    const error = await callGrpc(envoy.port, host)
    t.is(error?.code, status.UNAUTHENTICATED)
    t.regex(error?.details ?? '', /^Unauthorized: [ -~]+$/)
    t.notRegex(error?.details ?? '', /[{}]/)
  })
})
