import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse, stringify } from 'yaml'
import { findEnvoy } from '../../scripts/envoy.ts'
import { eachRequest } from './each-request.ts'
import { startProxied } from './start-proxied.ts'

const program = await findEnvoy()

eachRequest(
  'envoy',
  (edit) =>
    startProxied(
      'envoy-http',
      ({ folder, port, gate, upstream, read }) => {
        const ports = new Map([
          [8080, port],
          [9002, gate],
          [4200, upstream],
        ])
        const bootstrap = parse(read('envoy.yaml'), (name, value) =>
          name === 'port_value' ? ports.get(value as number) : value,
        )
        const file = join(folder, 'envoy.yaml')
        writeFileSync(file, stringify(bootstrap))
        return { program, args: ['-c', file, '--disable-hot-restart', '--concurrency', '1', '--log-level', 'error'] }
      },
      edit,
    ),
  { badRequest: 400, unreachable: 503 },
)
