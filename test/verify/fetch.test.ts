import test from 'ava'
import { discoverJwksUri } from '../../src/verify/discovery.ts'
import { fetchText } from '../../src/verify/fetch-text.ts'
import { json, listenEndpoint } from '../fixtures/key-endpoint.ts'

const messageOf = async (work: Promise<unknown>): Promise<string> => {
  try {
    return `resolved: ${await work}`
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

test('CVE-2026-41413: a redirect is not followed', async (t) => {
  const elsewhere = await listenEndpoint(t, json({ keys: [] }))
  const endpoint = await listenEndpoint(t, (_, response) => {
    response.writeHead(302, { location: elsewhere.url }).end()
  })
  t.is(await messageOf(fetchText(`${endpoint.url}/jwks`)), `${endpoint.url}/jwks answered with status 302`)
  t.deepEqual(elsewhere.paths, [])
})

test('a body past 1 MiB is cut off', async (t) => {
  const endpoint = await listenEndpoint(t, (_, response) => {
    response.writeHead(200)
    for (let chunk = 0; chunk < 17; chunk += 1) response.write('x'.repeat(65_536))
    response.end()
  })
  t.is(await messageOf(fetchText(endpoint.url)), `${endpoint.url} sent more than 1048576 bytes`)
})

test('any status but 200 is a failure', async (t) => {
  const endpoint = await listenEndpoint(t, json({ keys: [] }, 500))
  t.is(await messageOf(fetchText(endpoint.url)), `${endpoint.url} answered with status 500`)
})

test('OpenID Connect Discovery 1.0 §4: the well-known part stands behind the path of the issuer', async (t) => {
  const endpoint = await listenEndpoint(t, (request, response) => {
    const issuer = `${endpoint.url}/realms/a/`
    json({ issuer, jwks_uri: `${endpoint.url}/keys` })(request, response)
  })
  t.is(await discoverJwksUri(`${endpoint.url}/realms/a/`), `${endpoint.url}/keys`)
  t.deepEqual(endpoint.paths, ['/realms/a/.well-known/openid-configuration'])
})

test('RFC 8414 §3.1: the well-known part stands before the path of the issuer', async (t) => {
  const endpoint = await listenEndpoint(t, (request, response) => {
    const found = request.url?.startsWith('/.well-known/oauth-authorization-server/')
    json({ issuer: `${endpoint.url}/a`, jwks_uri: 'https://id.example.com/keys' }, found ? 200 : 404)(request, response)
  })
  t.is(await discoverJwksUri(`${endpoint.url}/a`), 'https://id.example.com/keys')
  t.deepEqual(endpoint.paths, ['/a/.well-known/openid-configuration', '/.well-known/oauth-authorization-server/a'])
})

test('RFC 8414 §3.3: metadata that names another issuer is not believed', async (t) => {
  const endpoint = await listenEndpoint(
    t,
    json({ issuer: 'https://other.example.com', jwks_uri: 'https://x.example.com' }),
  )
  t.regex(await messageOf(discoverJwksUri(endpoint.url)), /^no metadata of the issuer: .*it names another issuer/)
})

test('a jwks_uri that is not https is not followed', async (t) => {
  const endpoint = await listenEndpoint(t, (request, response) => {
    json({ issuer: endpoint.url, jwks_uri: 'http://id.example.com/keys' })(request, response)
  })
  t.regex(await messageOf(discoverJwksUri(endpoint.url)), /its jwks_uri is no https URL/)
})
