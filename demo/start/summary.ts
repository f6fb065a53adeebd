import type { StartFolder } from './folder.ts'
import type { StartSettings } from './settings.ts'

/** What the terminal says when all is up. `secret` is shown by the one run that made it. */
export const toSummary = ({ ports, upstream }: StartSettings, files: StartFolder, secret?: string): string => {
  const service = `http://127.0.0.1:${ports.PORT}`
  const behind = upstream ? `${upstream.host}, port ${upstream.port}` : 'the demo API'
  return [
    '',
    `bearergate and Envoy stand in front of ${behind}. Ctrl-C stops everything.`,
    '',
    `  the service, through Envoy   ${service}/`,
    `  the gate                     http://127.0.0.1:${ports.OPS_PORT}/readyz and /metrics`,
    `  Envoy's admin page           http://127.0.0.1:${ports.ADMIN_PORT}/`,
    `  the policy                   ${files.policy} (change it: it takes effect at once)`,
    `  the logs                     ${files.gateLog}, ${files.envoyLog}`,
    '',
    ...(secret ? ['Your API key, shown this once (only its digest is kept):', '', `  ${secret}`] : toStoredKey(files)),
    '',
    'Try it:',
    '',
    ...(upstream ? toServiceCalls(service, secret) : toDemoCalls(service, secret)),
    '',
  ].join('\n')
}

const toStoredKey = ({ keySet }: StartFolder): string[] => [
  `The API key was shown by the run that made it; its digest is in ${keySet}.`,
  'If it is lost, delete that file and start again: a new one is made.',
  '',
  '  KEY=...   # put it here',
]

const toDemoCalls = (service: string, secret = '$KEY'): string[] => [
  `  curl -i -H "Authorization: Bearer ${secret}" ${service}/api/hello`,
  '      # 200: the service learns who calls',
  `  curl -i ${service}/api/hello`,
  '      # 401: no key',
  `  curl -i ${service}/api/health`,
  '      # 200: open to everybody',
]

const toServiceCalls = (service: string, secret = '$KEY'): string[] => [
  `  curl -i -H "Authorization: Bearer ${secret}" ${service}/api`,
  '      # the answer of your service',
  `  curl -i ${service}/api`,
  '      # 401: no key',
  `  curl -i ${service}/api/health`,
  '      # the answer of your service: open to everybody',
  '',
  'The policy closes /api and opens the paths that a Prefect UI consists of; all else is refused. Make it yours.',
]
