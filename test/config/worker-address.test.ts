import test from 'ava'
import { parseDocument } from '../../src/config/document.ts'
import { configSchema } from '../../src/config/schema.ts'
import { toWorkerAddress } from '../../src/config/worker-address.ts'

for (const [address, worker, own] of [
  ['127.0.0.1:9001', 0, '127.0.0.1:9001'],
  ['127.0.0.1:9001', 3, '127.0.0.1:9004'],
  ['[::1]:9009', 1, '[::1]:9010'],
  ['127.0.0.1:0', 2, '127.0.0.1:0'],
  ['unix:/run/gate.sock', 0, 'unix:/run/gate.sock'],
  ['unix:/run/gate.sock', 2, 'unix:/run/gate.sock.2'],
] as const) {
  test(`worker ${worker} of a gate on ${address} listens on ${own}`, (t) => {
    t.is(toWorkerAddress(address, worker), own)
  })
}

const problemsOf = (listen: string, workers: number): readonly string[] => {
  const text = `routes: [{rule: public}]\nworkers: ${workers}\nlisten: ${listen}\n`
  const parsed = parseDocument(text, configSchema, {})
  return parsed.kind === 'refused' ? parsed.problems.map(({ path, message }) => `${path}: ${message}`) : []
}

for (const [listen, workers, problem] of [
  ['{grpc: "a:9001", ops: "a:9003"}', 2, undefined],
  ['{grpc: "a:0", ops: "a:0"}', 4, undefined],
  ['{grpc: "a:9001", ops: "a:9003"}', 3, 'listen.grpc: a:9003, for worker 2, is taken by listen.ops'],
  ['{grpc: "a:9001", ops: "a:9001"}', 1, 'listen.grpc: a:9001, for worker 0, is taken by listen.ops'],
  [
    '{grpc: "a:65535", ops: "a:1"}',
    2,
    'listen.grpc: there is no port 65536 for worker 1: each worker needs one, counted from this',
  ],
] as const) {
  test(`${workers} workers with ${listen}: ${problem ?? 'fine'}`, (t) => {
    t.deepEqual(problemsOf(listen, workers), problem === undefined ? [] : [problem])
  })
}

test('workers and doors over HTTP have addresses of their own', (t) => {
  const text = `routes: [{rule: public}]
workers: 2
listen: {grpc: "a:9001", http: "a:9002", ops: "a:9009"}
doors: [{kind: envoy, path: /envoy, trustedProxies: [10.0.0.1]}]
`
  const parsed = parseDocument(text, configSchema, {})
  t.deepEqual(parsed.kind === 'refused' ? parsed.problems.map(({ message }) => message) : [], [
    'a:9002, for worker 0, is taken by listen.grpc for worker 1',
  ])
})
