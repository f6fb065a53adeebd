import test from 'ava'
import { eachBootstrap } from './each-bootstrap.ts'
import { sendRequest } from './send-request.ts'
import { KEY, WITH_KEY } from './start-stack.ts'
import { waitFor } from './wait-for.ts'

eachBootstrap(({ name, host, stack }) => {
  test(`${name}: the access log says who passed by which route, why others did not, and no secret`, async (t) => {
    const { envoy } = await stack()
    const query = '?token=secret-in-the-query'
    await sendRequest(envoy.port, { host, path: `/api/with${query}`, headers: [WITH_KEY] })
    await sendRequest(envoy.port, { host, path: `/api/without${query}` })
    await sendRequest(envoy.port, { host, path: `/api/health${query}`, headers: [WITH_KEY] })
    const find = (path: string) =>
      waitFor(`a line for ${path}`, () => envoy.accessLog().find((line) => line['path'] === path))

    const passed = { subject: 'ci', kind: 'key', key_id: 'ci', reason: 'verified', route: 'api' }
    t.like(await find('/api/with'), { method: 'GET', host, status: 200, flags: '-', ...passed })
    const refused = { subject: null, kind: 'none', reason: 'missing_credential', route: 'api' }
    t.like(await find('/api/without'), { method: 'GET', host, status: 401, flags: 'UAEX', ...refused })
    const unasked = { subject: null, kind: null, reason: null, route: null }
    t.like(await find('/api/health'), { method: 'GET', host, status: 200, flags: '-', ...unasked })
    t.is(typeof (await find('/api/with'))['duration_ms'], 'number')

    const written = JSON.stringify(envoy.accessLog())
    t.false(written.includes('secret-in-the-query'))
    t.false(written.includes(KEY))
  })
})
