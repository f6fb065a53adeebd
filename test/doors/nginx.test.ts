import { eachRequest } from './each-request.ts'
import { toNginx } from './start-nginx.ts'
import { startProxied } from './start-proxied.ts'

eachRequest(
  'nginx',
  (edit) => startProxied('nginx', ({ folder, read }) => toNginx(folder, read('prefect.conf')), edit),
  {
    badRequest: 401,
    unreachable: 503,
  },
)
