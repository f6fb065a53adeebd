import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { redisSource } from '../../src/config/redis-source-schema.ts'
import { createRedisEditor } from '../../src/editors/redis-editor.ts'
import { eventually } from '../fixtures/eventually.ts'
import { makeFolder } from '../fixtures/folder.ts'
import { digestOf, measure, openSource, toEntry } from './open-source.ts'
import { startRedis } from './start-redis.ts'

const PREFIX = '{bearergate}:'
/** As docs/redis-keys.md writes it. */
const GATE = `-@all +hello +role +client|tracking +getrange %R~${PREFIX}key:* +cluster|keyslot +cluster|slots`

test.serial(
  'Cluster: keys are read from the node that serves their slot, and from another when the slot moves',
  async (t) => {
    const nodes = await Promise.all(
      [1, 2, 3].map(() => startRedis(t, { 'cluster-enabled': 'yes', 'cluster-node-timeout': '2000' })),
    )
    const [first, second, third] = nodes
    if (!first || !second || !third) return t.fail()
    await first.send('CLUSTER', 'ADDSLOTSRANGE', '0', '5460')
    await second.send('CLUSTER', 'ADDSLOTSRANGE', '5461', '10922')
    await third.send('CLUSTER', 'ADDSLOTSRANGE', '10923', '16383')
    for (const { port } of [second, third]) await first.send('CLUSTER', 'MEET', '127.0.0.1', `${port}`)
    const isUp = async (): Promise<boolean> => {
      const states = await Promise.all(nodes.map((node) => node.send('CLUSTER', 'INFO')))
      return states.every((state) => /cluster_state:ok[\s\S]*cluster_known_nodes:3/.test(String(state)))
    }
    t.true(await eventually(isUp, 20_000))
    const settings = { cluster: nodes.map(({ url }) => url), prefix: PREFIX }
    const passwordFile = join(makeFolder(t), 'password')
    writeFileSync(passwordFile, 'gate')
    for (const node of nodes) await node.send('ACL', 'SETUSER', 'gate', 'on', '>gate', ...GATE.split(' '))
    const slot = Number(await first.send('CLUSTER', 'KEYSLOT', PREFIX))
    const owner = [first, second, third][Math.floor(slot / 5_461)]
    const target = nodes.find((node) => node !== owner)
    if (!owner || !target) return t.fail()

    const editor = await createRedisEditor(redisSource.parse(settings))
    t.teardown(editor.close)
    await editor.add(toEntry('ci'))
    const { ask, source } = await openSource(t, { ...settings, username: 'gate', passwordFile })
    t.is(await ask('ci'), 'ci', source.problems().join())
    await editor.change('ci', (entry) => ({ ...entry, digest: `sha256:${digestOf('next')}` }))
    t.true((await measure(async () => (await ask('ci')) === 'unknown')) < 1_000)
    t.is(await ask('next'), 'ci')

    const targetId = String(await target.send('CLUSTER', 'MYID'))
    const ownerId = String(await owner.send('CLUSTER', 'MYID'))
    await target.send('CLUSTER', 'SETSLOT', `${slot}`, 'IMPORTING', ownerId)
    await owner.send('CLUSTER', 'SETSLOT', `${slot}`, 'MIGRATING', targetId)
    const names = [`${PREFIX}key:${digestOf('next')}`, `${PREFIX}id:ci`]
    await owner.send('MIGRATE', '127.0.0.1', `${target.port}`, '', '0', '5000', 'KEYS', ...names)
    for (const node of [target, owner, ...nodes]) await node.send('CLUSTER', 'SETSLOT', `${slot}`, 'NODE', targetId)
    const moved = await measure(async () => (await ask('next')) === 'ci')
    t.log(`found on the other node after ${moved.toFixed(0)} ms`)
    t.true(moved < 5_000)
    await target.send('DEL', `${PREFIX}key:${digestOf('next')}`)
    t.true((await measure(async () => (await ask('next')) === 'unknown')) < 1_000)
  },
)
