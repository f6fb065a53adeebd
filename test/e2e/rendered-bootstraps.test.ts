import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import test from 'ava'
import { findEnvoy } from '../../scripts/envoy.ts'
import { type EnvoyOptions, renderEnvoy } from '../../src/render/render-envoy.ts'
import { createAuthority, writeCertificate } from '../fixtures/certificates.ts'
import { makeFolder } from '../fixtures/folder.ts'
import { address, envoyOptions, textOf, upstream } from '../render/envoy-options.ts'
import { toConfig } from '../render/to-config.ts'

const CLOSED = [{ rule: 'bearer' }]
const MANY = [
  { host: '*.example.com', path: ['/internal', '/internal/*'], rule: 'deny' },
  { name: 'probes', path: ['/health', '/$weird'], rule: 'public' },
  { host: ['a.example.com', 'b.example.com', '[::1]'], path: ['/', '/v.2/*'], method: ['GET', 'POST'], rule: 'public' },
  { host: 'ui.example.com', rule: 'public' },
  { host: 'a.example.com', preflight: true, rule: 'public' },
  { rule: 'bearer', credentials: ['bearer', { header: 'x-api-key' }, { cookie: 'session' }] },
]

const BOOTSTRAPS: readonly (readonly [string, Readonly<Record<string, unknown>>, Partial<EnvoyOptions>])[] = [
  ['one service, all closed', { routes: CLOSED }, {}],
  ['all is open', { routes: [{ rule: 'public' }] }, { keepsAuthorization: true }],
  ['no identity', { routes: CLOSED, identity: {} }, { trustedHops: 2, admin: address('127.0.0.1:9901') }],
  [
    'many hosts and many services',
    { routes: MANY, identity: { subject: 'x-user', scopes: 'x-auth-request-scopes' } },
    {
      upstreams: ['app:80', '/v.2=[::1]:81', 'a.example.com/old=none', 'ui.example.com=unix:/run/ui.sock'].map(
        upstream,
      ),
      corsOrigins: ['https://ui.example.com'],
      gates: [address('gate.example.com:9001')],
    },
  ],
  ['gates on unix sockets', { routes: CLOSED }, { gates: ['unix:/run/1', 'unix:/run/2'].map(address) }],
]

test('Envoy takes every bootstrap that is rendered', async (t) => {
  const folder = makeFolder(t)
  const envoy = await findEnvoy()
  const authority = await createAuthority('gate')
  const client = writeCertificate(folder, await authority.issue('envoy'))
  const caFile = join(folder, 'ca.crt')
  writeFileSync(caFile, authority.certificate)
  const tls = { certificateFile: 'tls.crt', keyFile: 'tls.key', clientCaFile: 'ca.crt' }
  const gateTls = { caFile, name: 'gate.test', client }
  const mutual = ['mutual TLS to the gate', { listen: { tls }, routes: CLOSED }, { gateTls }] as const
  for (const [name, config, options] of [...BOOTSTRAPS, mutual]) {
    const file = join(folder, 'envoy.yaml')
    writeFileSync(file, textOf(renderEnvoy(toConfig(config), envoyOptions(options))))
    const { stdout } = await promisify(execFile)(envoy, ['--mode', 'validate', '-c', file])
    t.regex(stdout, /configuration '.*' OK/, name)
  }
})
