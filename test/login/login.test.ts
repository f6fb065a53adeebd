import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { chromium, type Page, request } from 'playwright-core'
import { listenDemoApi } from '../../demo/start/demo-api.ts'
import { findProgram } from '../../scripts/find-program.ts'
import { setAddresses } from '../e2e/read-bootstrap.ts'
import { readExample, takePolicy } from '../e2e/read-example.ts'
import { startEnvoy } from '../e2e/start-envoy.ts'
import { startGate } from '../e2e/start-gate.ts'
import { createAuthority, writeCertificate } from '../fixtures/certificates.ts'
import { makeFolder } from '../fixtures/folder.ts'
import { CLIENTS, startOpenIdProvider } from '../fixtures/openid-provider.ts'

const KEY = 'a-key-of-a-script-0123456789'
const UI = 'https://prefect.example.com'
const RESOURCE = `${UI}/`

/** The example at work: Envoy with its oauth2 filter, a real OpenID provider, the gate, and a service with a page. */
const startLogin = async (t: ExecutionContext) => {
  const folder = makeFolder(t)
  const { certificateFile, keyFile } = writeCertificate(
    folder,
    await (await createAuthority('test')).issue('prefect.example.com'),
  )
  writeFileSync(join(folder, 'client-secret'), CLIENTS.envoy.client_secret)
  writeFileSync(join(folder, 'hmac-key'), randomBytes(32).toString('base64'))
  const provider = await startOpenIdProvider([`${UI}/oauth2/callback`])
  t.teardown(provider.close)
  const { bootstrap, policy } = readExample('envoy-oauth2', {
    'https://id.example.com/': `${provider.issuer}/`,
    '/etc/envoy/tls.crt': certificateFile,
    '/etc/envoy/tls.key': keyFile,
    '/etc/envoy/oauth2-client-secret': join(folder, 'client-secret'),
    '/etc/envoy/oauth2-hmac-key': join(folder, 'hmac-key'),
  })
  const issuers = [{ issuer: provider.issuer, audiences: [RESOURCE] }]
  const gate = await startGate('one-host', { ci: KEY }, takePolicy({ ...policy, issuers }))
  t.teardown(gate.close)
  const service = await listenDemoApi(0)
  t.teardown(service.close)
  setAddresses(bootstrap, {
    service: [`127.0.0.1:${service.port}`],
    bearergate: [gate.address],
    id: [new URL(provider.issuer).host],
  })
  // The provider of the test speaks HTTP.
  for (const cluster of bootstrap.static_resources.clusters) delete cluster['transport_socket']
  const envoy = await startEnvoy(bootstrap)
  t.teardown(envoy.close)
  return { port: envoy.port, provider }
}

/** A headless Chromium whose prefect.example.com is that port. */
const openPage = async (t: ExecutionContext, port: number): Promise<Page> => {
  const executablePath = await findProgram('CHROMIUM', 'chromium')
  if (!executablePath) throw new Error('there is no chromium: apt-get install chromium, or name one in CHROMIUM')
  const browser = await chromium.launch({
    executablePath,
    args: ['--no-sandbox', `--host-resolver-rules=MAP prefect.example.com:443 127.0.0.1:${port}`],
  })
  t.teardown(() => browser.close())
  const context = await browser.newContext({ ignoreHTTPSErrors: true })
  context.setDefaultTimeout(60_000)
  return context.newPage()
}

const logIn = async (page: Page, name: string): Promise<void> => {
  await page.fill('input[name=login]', name)
  await page.fill('input[name=password]', 'any')
  await page.click('button[type=submit]')
  await page.click('button:has-text("Continue")')
  await page.waitForURL(`${UI}/**`)
}

test('a person logs in and uses the page, while a script shows a bearer on the same host', async (t) => {
  const { port, provider } = await startLogin(t)
  const script = await request.newContext({ ignoreHTTPSErrors: true, baseURL: `https://127.0.0.1:${port}` })
  t.teardown(() => script.dispose())
  const ask = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
    script.fetch(path, { method, maxRedirects: 0, headers: { host: 'prefect.example.com', ...headers } })

  // A script: its key, its token, and neither.
  const machine = await provider.requestToken(RESOURCE)
  for (const [credential, name] of [
    [KEY, 'ci'],
    [machine, 'machine'],
  ] as const) {
    const answer = await ask('/api/hello', { authorization: `Bearer ${credential}` })
    t.deepEqual(await answer.json(), { message: `Hello, ${name}` })
  }
  const bad = await ask('/api/hello', { authorization: 'Bearer bad' })
  t.is(bad.status(), 401)
  t.regex(bad.headers()['www-authenticate'] ?? '', /^Bearer realm="Prefect API", error="invalid_token"/)
  const none = await ask('/api/hello')
  t.deepEqual([none.status(), none.headers()['www-authenticate']], [401, 'Bearer realm="Prefect API"'])
  t.is((await ask('/api/health')).status(), 200)
  t.is((await ask('/')).status(), 302)

  // A person.
  const page = await openPage(t, port)
  await page.goto(`${UI}/`)
  t.is(new URL(page.url()).origin, provider.issuer)
  await logIn(page, 'alice')
  t.is(await page.title(), 'bearergate demo')
  await page.click('button[type=submit]')
  await page.waitForFunction("document.querySelector('pre').textContent !== ''")
  t.is(await page.textContent('pre'), '200\n{"message":"Hello, alice"}\n')
  const seen: object = await page.evaluate("fetch('/api/headers', { method: 'POST' }).then((answer) => answer.json())")
  t.like(seen, { 'x-auth-request-user': 'alice', 'x-auth-request-email': 'alice@example.com' })
  t.deepEqual(
    Object.keys(seen).filter((name) => name === 'cookie' || name === 'authorization'),
    [],
  )

  // RFC 6265bis §8.8.2: the session alone changes nothing for a page of another site.
  const cookies = await page.context().cookies(UI)
  const cookie = cookies.map(({ name, value }) => `${name}=${value}`).join('; ')
  for (const [site, status] of [
    ['same-origin', 200],
    ['same-site', 403],
    ['cross-site', 403],
  ] as const) {
    t.is((await ask('/api/headers', { cookie, 'sec-fetch-site': site }, 'POST')).status(), status, site)
  }
  t.is((await ask('/api/headers', { cookie }, 'POST')).status(), 403)
  const bearer = cookies.find(({ name }) => name === 'BearerToken')
  t.deepEqual([bearer?.httpOnly, bearer?.secure, bearer?.sameSite], [true, true, 'Lax'])
  const forged = `BearerToken=${machine}`
  t.is((await ask('/api/hello', { cookie: forged, 'sec-fetch-site': 'same-origin' })).status(), 401)

  const out = await ask('/oauth2/signout', { cookie })
  t.is(out.status(), 302)
  t.regex(out.headers()['set-cookie'] ?? '', /(?:^|\n)BearerToken=deleted;/)
})
