import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ProxyProgram } from './start-proxied.ts'

/** Debian's folder for system programs is not on every PATH. */
const NGINX = 'nginx'

/** How to start nginx with what would be a file in /etc/nginx/conf.d; all that it writes is in `folder`. */
export const toNginx = (folder: string, conf: string): ProxyProgram => {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((what) => `${what}_temp_path ${join(folder, what)};`)
    .join('\n')
  const file = join(folder, 'nginx.conf')
  writeFileSync(
    file,
    `daemon off;
master_process off;
pid ${join(folder, 'nginx.pid')};
error_log stderr warn;
events {}
http {
access_log off;
${temporary}
${conf}
}
`,
  )
  return { program: NGINX, args: ['-p', folder, '-e', 'stderr', '-c', file] }
}
