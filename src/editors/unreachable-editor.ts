import type { Edit, KeyEditor } from './key-editor.ts'

/** Stands for a source that could not be opened: its keys cannot be listed, and every change is refused. */
export const createUnreachableEditor = (name: string, error: unknown): KeyEditor => {
  const reason = `${name} cannot be reached: ${error instanceof Error ? error.message : error}`
  const refuse = async (): Promise<Edit> => ({ kind: 'refused', reason })
  const list = (): Promise<never> => Promise.reject(new Error(reason))
  return { name, list, add: refuse, change: refuse, remove: refuse, close: async () => {} }
}
