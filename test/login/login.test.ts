import test from 'ava'
import { listenDemoApi } from '../../demo/start/demo-api.ts'
import { KEY, logIn, RESOURCE, startLogin, UI } from './start-login.ts'

test('a person logs in and uses the page, while a script shows a bearer on the same host', async (t) => {
  const service = await listenDemoApi(0)
  t.teardown(service.close)
  const { provider, script, openPage } = await startLogin(t, service.port)
  const ask = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
    script.fetch(path, { method, maxRedirects: 0, headers })

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
  const page = await openPage()
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
