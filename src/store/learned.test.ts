/** What was learned is there after a restart, a torn or foreign file costs only itself, and a failing disk nobody's values. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentLog, type Log } from '../core/log.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { openLearned } from './learned.ts'
import { MemoryFiles } from './memory-files.ts'
import { readWhole } from './files.ts'

const folder = '/data/learned'

function rig() {
  const files = new MemoryFiles()
  const clock = new VirtualClock()
  const said: string[] = []
  const log: Log = { ...silentLog, warn: (_fields, sentence) => said.push(sentence) }
  return { files, clock, said, open: () => openLearned({ folder, clock, log, files }) }
}

async function put(files: MemoryFiles, name: string, text: string): Promise<void> {
  const file = await files.open(`${folder}/${name}`, 'write')
  await file.write(Buffer.from(text), 0)
  await file.close()
}

test('what was saved is there after a restart, whatever the name of the device; what was forgotten is not', async () => {
  const { open } = rig()
  const names = ['press-1', '../../etc/passwd', 'Pumpe Öl 3', 'a:b*c?']
  const first = await open()
  for (const name of names) {
    assert.equal(first.device(name).load(), undefined)
    first.device(name).save({ of: name })
  }
  await first.close()
  const second = await open()
  for (const name of names) assert.deepEqual(second.device(name).load(), { of: name })
  second.device('press-1').save(undefined)
  await second.close()
  const third = await open()
  assert.equal(third.device('press-1').load(), undefined)
  assert.deepEqual(third.device('Pumpe Öl 3').load(), { of: 'Pumpe Öl 3' })
})

test('changes are gathered for a second and then written, with no need to stop', async () => {
  const { files, clock, open } = rig()
  const learned = await open()
  for (let change = 0; change < 100; change++) learned.device('d').save({ change })
  await clock.advance(999)
  assert.deepEqual(await files.list(folder), [])
  await clock.advance(1)
  assert.deepEqual(await files.list(folder), ['d.json'])
  assert.deepEqual((await open()).device('d').load(), { change: 99 })
})

test('a power cut leaves the profile of before or of after, never half of one', async () => {
  const { files, open } = rig()
  const learned = await open()
  learned.device('d').save({ long: 'x'.repeat(1000) })
  await learned.close()
  learned.device('d').save({ short: 1 })
  await learned.close()
  const { clock, log } = { clock: new VirtualClock(), log: silentLog }
  const after = await openLearned({ folder, clock, log, files: files.afterPowerCut() })
  assert.deepEqual(after.device('d').load(), { short: 1 })
  files.syncFault = 'EIO'
  learned.device('d').save({ never: 'synced' })
  await learned.close()
  const still = await openLearned({ folder, clock, log, files: files.afterPowerCut() })
  assert.deepEqual(still.device('d').load(), { short: 1 })
})

test('damaged and foreign files are put aside, and the others are read', async () => {
  const { files, said, open } = rig()
  await put(files, 'good.json', '{"device":"good","learned":{"n":1}}')
  await put(files, 'torn.json', '{"device":"torn","learn')
  await put(files, 'empty.json', '')
  await put(files, 'foreign.json', '[1,2]')
  const learned = await open()
  assert.deepEqual(learned.device('good').load(), { n: 1 })
  assert.equal(learned.device('torn').load(), undefined)
  assert.equal(said.length, 3)
  assert.deepEqual((await files.list(folder)).sort(), ['empty.json.damaged', 'foreign.json.damaged', 'good.json', 'torn.json.damaged']) // prettier-ignore
  learned.device('torn').save({ n: 2 })
  await learned.close()
  assert.match((await readWhole(files, `${folder}/torn.json`))!.toString(), /"n": 2/)
})

test('a full disk is said once, and what was learned is written when there is space again', async () => {
  const { files, clock, said, open } = rig()
  files.writeFault = 'ENOSPC'
  const learned = await open()
  for (let change = 0; change < 3; change++) {
    learned.device('d').save({ change })
    await clock.advance(1000)
  }
  assert.deepEqual(said, ['Learned profiles cannot be written.'])
  assert.deepEqual(learned.device('d').load(), { change: 2 })
  files.writeFault = undefined
  await learned.close()
  assert.deepEqual((await open()).device('d').load(), { change: 2 })
})
