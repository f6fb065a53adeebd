import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { eachRequest } from './each-request.ts'
import { startProxied } from './start-proxied.ts'

eachRequest(
  'caddy',
  (edit) =>
    startProxied(
      'caddy',
      ({ folder, port, read }) => {
        const file = join(folder, 'Caddyfile')
        writeFileSync(file, read('Caddyfile').replace('http://:8080', `http://:${port}`))
        return { program: 'caddy', args: ['run', '--adapter', 'caddyfile', '--config', file] }
      },
      edit,
    ),
  { badRequest: 400, unreachable: 503 },
)
