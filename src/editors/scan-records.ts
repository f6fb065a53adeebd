import type { KeyNames } from '../redis/key-names.ts'
import type { Client } from '../redis/open-client.ts'

/** What stands in Redis under the name of a record, unread. */
export interface FoundRecord {
  readonly name: string
  readonly digest: string
  /** Empty where it is no text. */
  readonly text: string
}

const PAGE = 1_000

/** All records, some at a time; one that is written meanwhile may be left out, or come twice. */
export async function* scanRecords(
  client: Client,
  { recordPattern, toDigest }: KeyNames,
): AsyncGenerator<readonly FoundRecord[]> {
  for await (const found of client.scanIterator({ MATCH: recordPattern, COUNT: PAGE })) {
    const names = found.flatMap((name) => {
      const digest = toDigest(name)
      return digest === undefined ? [] : { name, digest }
    })
    if (names.length === 0) continue
    const texts = await client.mGet(names.map(({ name }) => name))
    yield names.map((record, index) => ({ ...record, text: texts[index] ?? '' }))
  }
}
