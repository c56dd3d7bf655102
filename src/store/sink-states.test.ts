/** What sinks remember: it is there after a restart, the last of it, and damage costs the newer half only. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { silentLog } from '../core/log.ts'
import { temporaryFolder } from '../testing/peers.ts'
import { nodeFiles } from './files.ts'
import { openSinkStates } from './sink-states.ts'

test('what a sink saved last is there after a restart, each sink its own; saves that overlap end in the last', async (t) => {
  const dir = temporaryFolder(t)
  const first = openSinkStates(nodeFiles, dir, silentLog)
  const plant = await first.open('plant/1')
  assert.equal(plant.load(), undefined)
  await Promise.all([plant.save({ n: 1 }), plant.save({ n: 2 }), plant.save({ n: 3 })])
  await (await first.open('other')).save({ n: 9 })
  assert.deepEqual(plant.load(), { n: 3 })
  await first.close()
  const second = openSinkStates(nodeFiles, dir, silentLog)
  assert.deepEqual((await second.open('plant/1')).load(), { n: 3 })
  assert.deepEqual((await second.open('other')).load(), { n: 9 })
  await second.close()
})

test('a torn write costs the newer state, not the older one', async (t) => {
  const dir = temporaryFolder(t)
  const states = openSinkStates(nodeFiles, dir, silentLog)
  const state = await states.open('plant')
  await state.save({ n: 1 })
  await state.save({ n: 2 })
  await states.close()
  const path = join(dir, 'sinks', 'plant.state')
  const bytes = readFileSync(path)
  const newer = bytes.indexOf('{"n":2}')
  bytes[newer + 5] = 0x39
  writeFileSync(path, bytes)
  const again = openSinkStates(nodeFiles, dir, silentLog)
  assert.deepEqual((await again.open('plant')).load(), { n: 1 })
  await again.close()
})
