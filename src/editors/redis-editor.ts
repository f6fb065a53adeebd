import type { RedisSourceConfig } from '../config/redis-source-schema.ts'
import { toKeyNames } from '../redis/key-names.ts'
import { locateServer, toSourceName } from '../redis/locate-server.ts'
import { openClient } from '../redis/open-client.ts'
import { parsePointer, parseRecord, toPointer } from '../redis/stored-record.ts'
import { type KeyEntry, keyEntrySchema } from '../sources/key-entry.ts'
import type { Edit, HeldKey, KeyEditor, Wanted } from './key-editor.ts'
import { scanRecords } from './scan-records.ts'
import { type Step, takeStep } from './take-step.ts'

/** Changes keys in Redis. Connects at once; throws when there is no server. */
export const createRedisEditor = async (config: RedisSourceConfig): Promise<KeyEditor> => {
  const client = await openClient(await locateServer(config))
  const names = toKeyNames(config.prefix)
  let unread: string[] = []

  const list = async (wanted?: Wanted): Promise<readonly HeldKey[]> => {
    if (wanted) return listOne(wanted)
    const held = new Map<string, HeldKey>()
    unread = []
    for await (const texts of scanRecords(client, names)) {
      const page = texts.map(({ name, digest, text }) => ({ name, record: parseRecord(digest, text) }))
      unread.push(...page.flatMap(({ name, record }) => (record.kind === 'broken' ? `${name}: ${record.problem}` : [])))
      const found = page.flatMap(({ name, record }) => (record.kind === 'entry' ? { entry: record.entry, name } : []))
      if (found.length === 0) continue
      const times = await client.zmScore(
        names.lastUse,
        found.map(({ entry }) => entry.id),
      )
      // A page of SCAN may hold what an earlier one held.
      for (const [index, { entry, name: origin }] of found.entries()) {
        const time = times[index]
        held.set(origin, { entry, origin, ...(time != null && { lastUsed: new Date(time).toISOString() }) })
      }
    }
    return [...held.values()]
  }
  /** The key of a digest or an id, without a look at any other. */
  const listOne = async (wanted: Wanted): Promise<readonly HeldKey[]> => {
    const asked = 'id' in wanted ? await find(wanted.id) : wanted.digest
    const first = asked === undefined ? undefined : await read(asked)
    const digest = first?.kind === 'replaced' ? first.by : asked
    const record = first?.kind === 'replaced' ? await read(first.by) : first
    unread = record?.kind === 'broken' ? [`${names.toRecordName(digest ?? '')}: ${record.problem}`] : []
    if (digest === undefined || record?.kind !== 'entry') return []
    const time = await client.zScore(names.lastUse, record.entry.id)
    const origin = names.toRecordName(digest)
    return [{ entry: record.entry, origin, ...(time != null && { lastUsed: new Date(time).toISOString() }) }]
  }
  const findPointed = async (id: string): Promise<string | undefined> => {
    const pointed = parsePointer((await client.get(names.toIdName(id))) ?? '')
    const record = pointed === undefined ? undefined : await read(pointed)
    return record?.kind === 'broken' || (record?.kind === 'entry' && record.entry.id === id) ? pointed : undefined
  }
  /** The digest of an id's record: by its pointer, or else, where another program wrote none, among all records. */
  const find = async (id: string): Promise<string | undefined> => {
    const pointed = await findPointed(id)
    if (pointed !== undefined) return pointed
    for await (const page of scanRecords(client, names)) {
      // A million records are read here: whether one is whole is looked at later.
      const found = page.find(({ text }) => text.startsWith('{') && readId(text) === id)
      if (found) return found.digest
    }
    return undefined
  }
  const read = async (digest: string) => parseRecord(digest, (await client.get(names.toRecordName(digest))) ?? '')
  const watch = (id: string, digests: readonly string[]) =>
    client.watch([names.toIdName(id), ...digests.map(names.toRecordName)])
  const isTaken = async (digests: readonly string[]): Promise<boolean> =>
    digests.length > 0 && (await client.exists(digests.map(names.toRecordName))) > 0

  /** All writes that make an entry what stands there, where `before` are the digests of what stood there. */
  const write = (entry: KeyEntry, before: readonly string[]): Step => {
    const [current = '', ...replaced] = toDigests(entry)
    const gone = before.filter((digest) => !toDigests(entry).includes(digest))
    return {
      origin: names.toRecordName(current),
      writes: (multi) => {
        if (gone.length > 0) multi.del(gone.map(names.toRecordName))
        multi.set(names.toRecordName(current), JSON.stringify(entry)).set(names.toIdName(entry.id), toPointer(current))
        for (const digest of replaced) multi.set(names.toRecordName(digest), toPointer(current))
      },
    }
  }
  const add = (entry: KeyEntry): Promise<Edit> =>
    takeStep(client, async () => {
      await watch(entry.id, toDigests(entry))
      const present = await findPointed(entry.id)
      if (present !== undefined) return `the id ${entry.id} is in ${names.toRecordName(present)} already`
      if (await isTaken(toDigests(entry))) return 'another key has that secret already'
      return write(entry, [])
    })
  const change: KeyEditor['change'] = (id, toEntry) =>
    takeStep(client, async () => {
      const current = await find(id)
      if (current === undefined) return `there is no key ${id}`
      await watch(id, [current])
      const record = await read(current)
      if (record.kind === 'broken') return `${names.toRecordName(current)} is not changed: ${record.problem}`
      if (record.kind !== 'entry' || record.entry.id !== id) return undefined
      const next = keyEntrySchema.parse(toEntry(record.entry))
      if (next.id !== id) return 'an id cannot be changed: make a new key'
      const before = toDigests(record.entry)
      const added = toDigests(next).filter((digest) => !before.includes(digest))
      if (added.length > 0) await watch(id, added)
      if (await isTaken(added)) return 'another key has that secret already'
      return write(next, before)
    })
  const remove = (id: string): Promise<Edit> =>
    takeStep(client, async () => {
      const current = await find(id)
      if (current === undefined) return `there is no key ${id}`
      await watch(id, [current])
      const record = await read(current)
      if (record.kind !== 'entry' && record.kind !== 'broken') return undefined
      const digests = record.kind === 'entry' ? toDigests(record.entry) : [current]
      return {
        origin: names.toRecordName(current),
        writes: (multi) => {
          multi.del([names.toIdName(id), ...digests.map(names.toRecordName)]).zRem(names.lastUse, id)
        },
      }
    })

  return {
    name: toSourceName(config),
    list,
    problems: async () => unread,
    add,
    change,
    remove,
    close: async () => client.destroy(),
  }
}

const readId = (text: string): unknown => {
  try {
    return JSON.parse(text).id
  } catch {
    return undefined
  }
}

/** The digests of an entry in hexadecimal, the one of its present secret first. */
const toDigests = ({ digest, previous = [] }: KeyEntry): readonly string[] =>
  [digest, ...previous.map((secret) => secret.digest)].map((text) => text.slice('sha256:'.length))
