/** The folder of versions: whole or not at all, bounded, checked, and the same for people and for programs. */
import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { silentLog } from '../core/log.ts'
import { nodeFiles, type FileSystem } from '../store/files.ts'
import { withCode } from '../testing/command-rig.ts'
import { temporaryFolder } from '../testing/peers.ts'
import { digestOf, type StoredValue, type StoredVersion } from './stored.ts'
import { MOST_VERSIONS, Versions } from './versions.ts'

const valuesOf = (speed: number): StoredValue[] => [
  { name: 'max-speed', address: 'hr:10', type: 'uint16', unit: 'Hz', value: speed / 10, raw: speed },
  { name: 'serial', address: 'hr:20', type: 'string', length: 8, value: 'A-1 "x"', raw: 'A-1 "x"' },
]

function versionOf(speed: number, device = 'drive', set = 'motor'): Omit<StoredVersion, 'version'> {
  const values = valuesOf(speed)
  return {
    format: 1,
    device,
    set,
    time: '2026-11-29T09:00:00.000Z',
    user: 'anna',
    from: 'http 127.0.0.1',
    reason: null,
    identity: { vendor: 'Acme' },
    sha256: digestOf(values),
    values,
  }
}

const open = (folder: string, files?: FileSystem) => new Versions({ folder, log: silentLog, files })
const speedOf = (version: StoredVersion | undefined) => version?.values[0]!.raw
const fileIn = (folder: string, number: number) =>
  join(folder, 'drive', 'motor', `${String(number).padStart(6, '0')}.json`)

/** A disk that is gone after so many operations; of a write that it is gone in, half arrives. */
function dyingFiles(after: number): { files: FileSystem; steps: () => number } {
  let steps = 0
  const step = () => {
    if (steps++ >= after) throw new Error('the machine is off')
  }
  const files: FileSystem = {
    ...nodeFiles,
    async open(path, mode) {
      step()
      const file = await nodeFiles.open(path, mode)
      return {
        ...file,
        async write(bytes, position) {
          if (steps >= after) await file.write(bytes.subarray(0, bytes.length / 2), position)
          step()
          await file.write(bytes, position)
        },
        sync: async () => (step(), file.sync()),
      }
    },
    makeFolder: async (path) => (step(), nodeFiles.makeFolder(path)),
    rename: async (from, to) => (step(), nodeFiles.rename(from, to)),
    remove: async (path) => (step(), nodeFiles.remove(path)),
    syncFolder: async (path) => (step(), nodeFiles.syncFolder(path)),
  }
  return { files, steps: () => steps }
}

test('whoever is stopped at any step of saving leaves the version before as it was, or the new one whole', async (t) => {
  let outcomes = ''
  for (let after = 0; ; after++) {
    const folder = temporaryFolder(t)
    await open(folder).save(versionOf(500))
    const before = readFileSync(fileIn(folder, 1), 'utf8')
    const dying = dyingFiles(after)
    const isDone = await open(folder, dying.files)
      .save(versionOf(600))
      .then(() => true, withCode('STORE_FAILED', /cannot be stored in .*the machine is off/))
    assert.equal(readFileSync(fileIn(folder, 1), 'utf8'), before)
    const next = open(folder)
    const numbers = (await next.list('drive', 'motor')).map(({ version, summary }) =>
      summary === undefined ? -version : version,
    )
    assert.ok(
      numbers.every((number) => number > 0),
      `damaged after ${after}: ${numbers.join()}`,
    )
    const speed = speedOf(await next.load('drive', 'motor'))
    assert.ok(speed === 500 || speed === 600)
    outcomes += String(speed)[0]!
    assert.equal((await next.save(versionOf(700))).version, numbers[0]! + 1, 'and the next one can be saved')
    if (dying.steps() <= after) {
      assert.equal(isDone, true)
      break
    }
  }
  assert.match(outcomes, /^5{5,}6+$/)
})

test('a power cut finds the content on the disk before its name, and the name before anybody is told', async (t) => {
  const done: string[] = []
  const noted = <Args extends unknown[], T>(what: string, call: (...args: Args) => Promise<T>) => {
    return (...args: Args): Promise<T> => call(...args).finally(() => done.push(what))
  }
  const files: FileSystem = {
    ...nodeFiles,
    async open(path, mode) {
      const file = await nodeFiles.open(path, mode)
      if (mode !== 'create') return file
      return { ...file, write: noted('write', file.write), sync: noted('sync', file.sync) }
    },
    rename: noted('rename', nodeFiles.rename),
    syncFolder: noted('sync folder', nodeFiles.syncFolder),
  }
  const versions = open(temporaryFolder(t), files)
  await versions.save(versionOf(500)).finally(() => done.push('told'))
  assert.deepEqual(done.slice(-5), ['write', 'sync', 'rename', 'sync folder', 'told'])
})

test('a file that is damaged or was edited is refused with its name, and the others are there', async (t) => {
  const folder = temporaryFolder(t)
  const versions = open(folder)
  await versions.save(versionOf(500))
  await versions.save(versionOf(600))
  const path = fileIn(folder, 2)
  const whole = readFileSync(path, 'utf8')
  for (const [text, why] of [
    [whole.replace('"raw":600', '"raw":900'), /its values are not those that its sha256 stands for/],
    [whole.slice(0, 200), /it is no JSON/],
    ['{"format":2}', /is not as it was written/],
    ['', /it is no JSON/],
  ] as const) {
    writeFileSync(path, text)
    await assert.rejects(open(folder).load('drive', 'motor'), withCode('CONFLICT', why))
    await assert.rejects(
      open(folder).load('drive', 'motor'),
      withCode('CONFLICT', /000002\.json.*Name another version, or save anew/),
    )
    const known = await open(folder).list('drive', 'motor')
    assert.deepEqual(known.map(({ version, summary }) => [version, summary?.sha256 === undefined]), [[2, true], [1, false]]) // prettier-ignore
    assert.equal(speedOf(await open(folder).load('drive', 'motor', 1)), 500)
  }
})

test('only so many are kept; numbers only grow', async (t) => {
  const folder = temporaryFolder(t)
  const versions = open(folder)
  for (let speed = 1; speed <= MOST_VERSIONS + 3; speed++) await versions.save(versionOf(speed))
  const numbers = (await versions.list('drive', 'motor')).map(({ version }) => version)
  assert.deepEqual([numbers.length, numbers[0], numbers.at(-1)], [MOST_VERSIONS, MOST_VERSIONS + 3, 4])
  assert.equal(readdirSync(join(folder, 'drive', 'motor')).length, MOST_VERSIONS)
})

test('the file is made for people: one parameter a line, so that a diff is the list of what changed', async (t) => {
  const folder = temporaryFolder(t)
  const versions = open(folder)
  await versions.save(versionOf(500))
  await versions.save(versionOf(600))
  const [before, after] = [1, 2].map((number) => readFileSync(fileIn(folder, number), 'utf8').split('\n'))
  const changed = before!.flatMap((line, at) => (line === after![at] ? [] : [after![at]!.trim()]))
  assert.deepEqual(
    changed.map((line) => line.slice(0, 24)),
    [
      '"version": 2,',
      after!
        .find((line) => line.includes('sha256'))!
        .trim()
        .slice(0, 24),
      '{"name":"max-speed","add',
    ],
  )
})

test('no name leads out of the folder', async (t: TestContext) => {
  const folder = join(temporaryFolder(t), 'inside')
  mkdirSync(folder)
  const versions = open(folder)
  const names = ['..', '.', '../../etc', 'Ofen 3 ü', 'a*b', '.hidden']
  for (const name of names) await versions.save(versionOf(500, name, name))
  assert.deepEqual(readdirSync(join(folder, '..')), ['inside'])
  assert.equal(readdirSync(folder).length, names.length)
  for (const name of names) assert.equal((await versions.load(name, name))?.device, name)
})

test('at the same moment each gets a number of its own', async (t) => {
  const versions = open(temporaryFolder(t))
  const saved = await Promise.all([500, 600, 700].map((speed) => versions.save(versionOf(speed))))
  assert.deepEqual(
    saved.map(({ version }) => version),
    [1, 2, 3],
  )
})
