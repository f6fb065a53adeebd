import { join } from 'node:path'
import test from 'ava'
import { findPython } from '../../demo/prefect/python.ts'
import { PREFECT, toEnvironment } from '../../demo/prefect/stack.ts'
import { findFreePorts } from '../../scripts/ports.ts'
import { answersOk, startProcess, stopAll } from '../../scripts/start-process.ts'
import { makeFolder } from '../fixtures/folder.ts'
import { KEY, logIn, startLogin, UI } from './start-login.ts'

test('a person logs in and uses the UI of Prefect, while a script makes a flow with a key', async (t) => {
  t.timeout(600_000)
  const python = await findPython('prefect', PREFECT, () => {})
  const folder = makeFolder(t)
  const [port = 0] = await findFreePorts(1)
  const prefect = startProcess({
    name: 'prefect',
    command: python,
    args: ['-m', 'prefect', 'server', 'start', '--host', '127.0.0.1', '--port', `${port}`],
    logFile: join(folder, 'prefect.log'),
    cwd: folder,
    environment: toEnvironment(join(folder, 'server'), { PREFECT_UI_API_URL: '/api' }),
  })
  t.teardown(() => stopAll(5_000))
  await prefect.untilReady(answersOk(`http://127.0.0.1:${port}/api/ready`), 240_000)
  const { script, openPage } = await startLogin(t, port)

  const flow = await script.post('/api/flows/', {
    headers: { authorization: `Bearer ${KEY}` },
    data: { name: 'made-by-a-script' },
  })
  t.is(flow.status(), 201, await flow.text())

  const page = await openPage()
  const statuses = new Map<string, number>()
  page.on('response', (response) => {
    const { origin, pathname } = new URL(response.url())
    if (origin === UI && pathname.startsWith('/api/')) {
      statuses.set(`${response.request().method()} ${pathname}`, response.status())
    }
  })
  await page.goto(`${UI}/flows`)
  await logIn(page, 'alice')
  await page.goto(`${UI}/flows`)
  await page.getByText('made-by-a-script').first().waitFor({ timeout: 120_000 })
  const refused = [...statuses].filter(([, status]) => status === 401 || status === 403)
  t.deepEqual(refused, [])
  t.true(
    [...statuses].some(([call, status]) => call.startsWith('POST /api/') && status === 200),
    'it has asked the API',
  )
  t.log([...statuses].map(([call, status]) => `${call} ${status}`).join(', '))
})
