import { isMap, isScalar, parseDocument, visit } from 'yaml'
import { replaceIntroduction, YAML_STYLE } from './bootstrap.ts'

/** What differs between a shipped policy and a running one. */
export interface PolicyChanges {
  /** Stands at the top of the file in place of the shipped introduction. */
  readonly comment: string
  /** The names to use instead of each shipped host name. */
  readonly hosts: Readonly<Record<string, readonly string[]>>
  readonly realm: string
}

/** A shipped policy for other hosts, which stops without waiting and logs what it lets through, too. */
export const rewritePolicy = (shipped: string, { comment, hosts, realm }: PolicyChanges): string => {
  const document = parseDocument(shipped)
  replaceIntroduction(document, comment)
  visit(document, {
    Pair: (_, pair) => {
      if (!isScalar(pair.key) || !isScalar(pair.value)) return
      const names = pair.key.value === 'host' && hosts[String(pair.value.value)]
      if (names) pair.value = document.createNode(names, { flow: true })
      if (pair.key.value === 'realm') pair.value = document.createNode(realm)
    },
  })
  document.set('drain', { delay: '0s', timeout: '2s' })
  document.set('log', { decisions: 'all' })
  return document.toString(YAML_STYLE)
}

/** The same policy listening on these loopback ports. What already does, or is no YAML mapping, stays as it is. */
export const setListenPorts = (policy: string, ports: { readonly grpc: number; readonly ops: number }): string => {
  const document = parseDocument(policy)
  if (document.errors.length > 0 || !isMap(document.contents)) return policy
  const wanted = Object.entries(ports).map(([name, port]) => [['listen', name], `127.0.0.1:${port}`] as const)
  if (wanted.every(([path, address]) => document.getIn(path) === address)) return policy
  for (const [path, address] of wanted) document.setIn(path, address)
  return document.toString(YAML_STYLE)
}
