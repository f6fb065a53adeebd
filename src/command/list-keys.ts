import type { HeldKey, KeyEditor, Wanted } from '../editors/key-editor.ts'

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

/** Asks all sources for their keys, or for one that is wanted. One that cannot be reached is a problem, and the others answer. */
export const listKeys = async (editors: readonly KeyEditor[], wanted?: Wanted): Promise<KeyList> => {
  const lists = await Promise.all(editors.map((editor) => listOne(editor, wanted)))
  return {
    keys: lists.flatMap(({ keys }) => keys),
    problems: lists.flatMap(({ problems }) => problems),
    isWhole: lists.every(({ isWhole }) => isWhole),
  }
}

const listOne = async (editor: KeyEditor, wanted: Wanted | undefined): Promise<KeyList> => {
  try {
    const held = await editor.list(wanted)
    const problems = (await editor.problems?.()) ?? []
    return { keys: held.map((key) => ({ ...key, editor })), problems, isWhole: true }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    const problem = message.startsWith(editor.name) ? message : `${editor.name}: ${message}`
    return { keys: [], problems: [problem], isWhole: false }
  }
}
