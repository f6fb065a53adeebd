import type { HeldKey, KeyEditor } from '../editors/key-editor.ts'

/** A key, and the source that holds it. */
export interface FoundKey extends HeldKey {
  readonly editor: KeyEditor
}

/** The keys of some sources, and what could not be read of them. */
export interface KeyList {
  readonly keys: readonly FoundKey[]
  readonly problems: readonly string[]
  /** False when a source could not be asked at all. */
  readonly isWhole: boolean
}

/** Asks all sources for their keys. One that cannot be reached is a problem, and the others answer. */
export const listKeys = async (editors: readonly KeyEditor[]): Promise<KeyList> => {
  const lists = await Promise.all(editors.map(listOne))
  return {
    keys: lists.flatMap(({ keys }) => keys),
    problems: lists.flatMap(({ problems }) => problems),
    isWhole: lists.every(({ isWhole }) => isWhole),
  }
}

const listOne = async (editor: KeyEditor): Promise<KeyList> => {
  try {
    const held = await editor.list()
    const problems = (await editor.problems?.()) ?? []
    return { keys: held.map((key) => ({ ...key, editor })), problems, isWhole: true }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    const problem = message.startsWith(editor.name) ? message : `${editor.name}: ${message}`
    return { keys: [], problems: [problem], isWhole: false }
  }
}
