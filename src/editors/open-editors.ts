import type { KeySourceConfig } from '../config/schema.ts'
import { createFileEditor } from './file-editor.ts'
import type { KeyEditor } from './key-editor.ts'
import { createUnreachableEditor } from './unreachable-editor.ts'

export interface EditorOptions {
  /** The file of a directory that new keys go to; without it each new key gets a file named after its id. */
  readonly fileName?: string
}

/** An editor for each configured source, in their order; one that cannot be reached holds no other up. */
export const openEditors = (
  sources: readonly KeySourceConfig[],
  options: EditorOptions = {},
): Promise<readonly KeyEditor[]> =>
  Promise.all(
    sources.map((source) =>
      openEditor(source, options).catch((error) => createUnreachableEditor(toName(source), error)),
    ),
  )

const openEditor = async (source: KeySourceConfig, { fileName }: EditorOptions): Promise<KeyEditor> => {
  if (source.redis) return (await import('./redis-editor.ts')).createRedisEditor(source.redis)
  if (source.kubernetes) return (await import('./kubernetes-editor.ts')).createKubernetesEditor(source.kubernetes)
  return createFileEditor(source, fileName)
}

/** Only the kind: an address could hold a password. */
const toName = ({ redis, kubernetes, directory, file }: KeySourceConfig): string =>
  redis ? 'redis' : kubernetes ? 'kubernetes' : (directory ?? file ?? 'a source')
