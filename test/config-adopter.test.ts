import test from 'ava'
import type { Loaded } from '../src/config/load.ts'
import { createConfigAdopter } from '../src/config-adopter.ts'
import { createRecorder } from './fixtures/recorder.ts'

const LOADED = { kind: 'loaded' } as Loaded

test('a reload that throws is a fault, keeps the last good configuration, and is named until one is taken over', async (t) => {
  const { observer, faults, reloads } = createRecorder()
  const bug = new Error('a bug')
  const world = { fails: true }
  const reload = async (): Promise<void> => {
    if (world.fails) throw bug
  }
  const adopter = createConfigAdopter('gate.yaml', reload, observer)
  t.deepEqual(adopter.problems(), [])
  t.false(await adopter.adopt(LOADED))
  const problem = 'gate.yaml: it could not be taken over, which is a fault of the gate: the log has it'
  t.deepEqual(adopter.problems(), [problem])
  t.deepEqual(faults, [bug])
  t.deepEqual(reloads, [`config gate.yaml: ${problem}`])
  world.fails = false
  t.true(await adopter.adopt(LOADED))
  t.deepEqual(adopter.problems(), [])
})
