/** The tag table finds by id and by name, in devices small and large. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TagTable, type TagInfo } from './tags.ts'

const info = (id: number, device: string, name: string): TagInfo => ({
  id,
  device,
  settings: { name, address: '0', type: 'uint16', everyMs: 1000, clamp: false, writable: false },
})

test('finds each tag by id and by name, and tags added after the first look-up too', () => {
  const table = new TagTable()
  for (let i = 1; i <= 100; i++) table.add(info(i, 'large', `t${i}`))
  table.add(info(101, 'small', 't1'))
  assert.equal(table.find('large', 't77')!.id, 77)
  assert.equal(table.find('small', 't1')!.id, 101)
  table.add(info(102, 'large', 'late'))
  table.add(info(103, 'small', 'late'))
  assert.deepEqual(
    [table.find('large', 'late')!.id, table.find('small', 'late')!.id, table.get(102)!.settings.name],
    [102, 103, 'late'],
  )
  assert.deepEqual([table.size, table.capacity], [103, 104])
  assert.deepEqual(
    [table.find('large', 't101'), table.find('none', 't1'), table.find('large', 'large/t1'), table.get(999)],
    [undefined, undefined, undefined, undefined],
  )
})

test('tags that come while the gateway runs: the same one stays the same object, another takes its place', () => {
  const table = new TagTable()
  table.put(info(1, 'a', 't1'))
  const [first, version] = [table.get(1), table.version]
  table.put({ ...info(1, 'a', 't1') })
  assert.deepEqual([table.get(1) === first, table.version], [true, version])
  table.put({ ...first!, settings: { ...first!.settings, unit: 'm' } })
  assert.deepEqual([table.find('a', 't1')!.settings.unit, table.version, table.size], ['m', version + 1, 1])
  assert.deepEqual([table.of('a').map(({ id }) => id), table.of('b')], [[1], []])
})

test('lists tags device by device, in the order they were added', () => {
  const table = new TagTable()
  for (const [id, device] of [
    [5, 'b'],
    [3, 'a'],
    [9, 'b'],
  ] as const)
    table.add(info(id, device, `t${id}`))
  assert.deepEqual(
    [...table.values()].map(({ id }) => id),
    [5, 9, 3],
  )
  assert.deepEqual(
    table.all().map(({ id }) => id),
    [5, 9, 3],
  )
  assert.equal(table.all(), table.all())
  table.add(info(4, 'a', 't4'))
  assert.deepEqual(
    table.all().map(({ id }) => id),
    [5, 9, 3, 4],
  )
})
