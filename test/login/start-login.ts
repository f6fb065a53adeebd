import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ExecutionContext } from 'ava'
import { type APIRequestContext, chromium, type Page, request } from 'playwright-core'
import { findProgram } from '../../scripts/find-program.ts'
import { setAddresses } from '../e2e/read-bootstrap.ts'
import { readExample, takePolicy } from '../e2e/read-example.ts'
import { startEnvoy } from '../e2e/start-envoy.ts'
import { startGate } from '../e2e/start-gate.ts'
import { createAuthority, writeCertificate } from '../fixtures/certificates.ts'
import { makeFolder } from '../fixtures/folder.ts'
import { CLIENTS, type OpenIdProvider, startOpenIdProvider } from '../fixtures/openid-provider.ts'

/** An API key that the gate accepts; its id is `ci`. */
export const KEY = 'a-key-of-a-script-0123456789'
export const UI = 'https://prefect.example.com'
/** What access tokens are for. */
export const RESOURCE = `${UI}/`

/** The example at work: Envoy with its oauth2 filter, a real OpenID provider and the gate. */
export interface Login {
  readonly provider: OpenIdProvider
  /** Opens a page in a headless Chromium of its own. */
  readonly openPage: () => Promise<Page>
  /** What a script asks with. */
  readonly script: APIRequestContext
}

/** Starts it in front of the service on that port. */
export const startLogin = async (t: ExecutionContext, service: number): Promise<Login> => {
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
  setAddresses(bootstrap, {
    service: [`127.0.0.1:${service}`],
    bearergate: [gate.address],
    id: [new URL(provider.issuer).host],
  })
  // The provider of the test speaks HTTP.
  for (const cluster of bootstrap.static_resources.clusters) delete cluster['transport_socket']
  const envoy = await startEnvoy(bootstrap)
  t.teardown(envoy.close)
  const script = await request.newContext({
    baseURL: `https://127.0.0.1:${envoy.port}`,
    ignoreHTTPSErrors: true,
    extraHTTPHeaders: { host: 'prefect.example.com' },
  })
  t.teardown(() => script.dispose())
  return { provider, script, openPage: () => openPage(t, envoy.port) }
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

/** Fills in the provider's forms. */
export const logIn = async (page: Page, name: string): Promise<void> => {
  await page.fill('input[name=login]', name)
  await page.fill('input[name=password]', 'any')
  await page.click('button[type=submit]')
  await page.click('button:has-text("Continue")')
  await page.waitForURL(`${UI}/**`)
}
