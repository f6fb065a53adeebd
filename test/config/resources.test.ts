import test from 'ava'
import { parseDocument } from '../../src/config/document.ts'
import { toMetadataUrl } from '../../src/config/metadata-url.ts'
import { toResourceDocuments } from '../../src/config/resource-documents.ts'
import { type ConfigFile, configSchema } from '../../src/config/schema.ts'

const parse = (config: object): ConfigFile =>
  configSchema.parse({
    issuers: [
      { issuer: 'https://id.example.com/', audiences: ['a'] },
      { issuer: 'https://partner.example.com/', audiences: ['a'] },
      { issuer: 'urn:of:no:server', audiences: ['a'], jwksFile: 'jwks.json' },
    ],
    introspection: [
      {
        ...{ issuer: 'https://id.example.com/', endpoint: 'https://id.example.com/introspect', clientId: 'gate' },
        ...{ clientSecretFile: 's', audiences: 'any' },
      },
    ],
    tokenReview: [{ issuer: 'https://kubernetes.default.svc', audiences: ['gate'] }],
    ...config,
  })

test('RFC 9728 §3.1: the well-known part stands between host and path', (t) => {
  const place = 'https://a.example.com/.well-known/oauth-protected-resource'
  t.is(toMetadataUrl('https://a.example.com'), place)
  t.is(toMetadataUrl('https://a.example.com/'), place)
  t.is(toMetadataUrl('https://a.example.com/mcp'), `${place}/mcp`)
  t.is(toMetadataUrl('https://a.example.com/v1/mcp/'), `${place}/v1/mcp/`)
  t.is(
    toMetadataUrl('https://a.example.com:8443/x'),
    'https://a.example.com:8443/.well-known/oauth-protected-resource/x',
  )
})

test('RFC 9728 §2: the servers that its routes accept, and the scopes that they need', (t) => {
  const file = parse({
    resources: [
      { resource: 'https://a.example.com/mcp' },
      { resource: 'https://b.example.com', scopes: ['x'], name: 'B', documentation: 'https://b/' },
      { resource: 'https://c.example.com' },
    ],
    routes: [
      {
        ...{
          host: 'a.example.com',
          rule: 'bearer',
          realm: 'A',
          scopes: ['read'],
          resource: 'https://a.example.com/mcp',
        },
        accept: ['https://id.example.com/', 'https://kubernetes.default.svc'],
      },
      {
        host: 'a.example.com',
        rule: 'bearer',
        scopes: ['read', 'write'],
        resource: 'https://a.example.com/mcp',
        accept: ['urn:of:no:server'],
      },
      { host: 'b.example.com', rule: 'bearer', resource: 'https://b.example.com' },
    ],
  })
  t.deepEqual(
    toResourceDocuments(file).map(({ host, path, body }) => [host, path, JSON.parse(body)]),
    [
      [
        'a.example.com',
        '/.well-known/oauth-protected-resource/mcp',
        {
          resource: 'https://a.example.com/mcp',
          authorization_servers: ['https://id.example.com/'],
          scopes_supported: ['read', 'write'],
          bearer_methods_supported: ['header'],
          resource_name: 'A',
        },
      ],
      [
        'b.example.com',
        '/.well-known/oauth-protected-resource',
        {
          resource: 'https://b.example.com',
          authorization_servers: ['https://id.example.com/', 'https://partner.example.com/'],
          scopes_supported: ['x'],
          bearer_methods_supported: ['header'],
          resource_name: 'B',
          resource_documentation: 'https://b/',
        },
      ],
      [
        'c.example.com',
        '/.well-known/oauth-protected-resource',
        { resource: 'https://c.example.com', bearer_methods_supported: ['header'] },
      ],
    ],
  )
})

test('RFC 9728 §1.2: a resource is an https URL without query and fragment, named once, and there when a route names it', (t) => {
  const judge = (config: string): readonly string[] => {
    const parsed = parseDocument(`keys: [{file: k}]\n${config}`, configSchema)
    return parsed.kind === 'refused' ? parsed.problems.map(({ path, message }) => `${path}: ${message}`) : []
  }
  const form = 'write an https URL in its normal form, such as https://api.example.com/mcp, without query and fragment'
  for (const url of [
    'http://a.example.com',
    'https://a?x',
    'https://a#x',
    'https://u:p@a',
    'a',
    'https://A/',
    'https://a/../b',
  ]) {
    t.deepEqual(
      judge(`resources: [{resource: "${url}"}]\nroutes: [{rule: public}]`),
      [`resources[0].resource: ${form}`],
      url,
    )
  }
  t.deepEqual(judge('resources: [{resource: "https://a"}, {resource: "https://a/"}]\nroutes: [{rule: public}]'), [
    'resources[1].resource: is resources[0] already',
  ])
  t.deepEqual(judge('resources: [{resource: "https://a"}]\nroutes: [{rule: bearer, resource: "https://b"}]'), [
    'routes[0].resource: nothing under resources has this name',
  ])
  t.deepEqual(judge('resources: [{resource: "https://a"}]\nroutes: [{rule: public, resource: "https://a"}]'), [
    'routes[0].resource: has a meaning only with rule: bearer',
  ])
})
