/** Whatever changes in a tag list: what is read with what is known of before is what is read anew, and what is the same is the same object. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { modbus } from '../drivers/modbus/driver.ts'
import { temporaryFolder } from '../testing/peers.ts'
import type { TagConfig } from './config.ts'
import { formatProblem, ProblemList } from './problem.ts'
import { readTagCsv } from './tag-csv.ts'
import { TagListCache } from './tag-list-cache.ts'
import type { TagListContext } from './tag-list.ts'

const HEADER = 'name,address,type,unit'
const line = (name: string, address = 'hr:0', type = 'float32', unit = 'm') => `${name},${address},${type},${unit}`
const lines = (...rows: string[]) => `${[HEADER, ...rows].join('\n')}\n`
const contextOf = (): TagListContext => ({ type: modbus, everyMs: 1000, problems: new ProblemList() })

function both(cache: TagListCache, path: string, text: string) {
  writeFileSync(path, text)
  const [cached, fresh] = [contextOf(), contextOf()]
  const tags = cache.read(path, 'tags.csv', cached)
  const expected = readTagCsv(path, 'tags.csv', fresh)
  assert.deepEqual(tags, expected)
  assert.deepEqual(cached.problems.problems.map(formatProblem), fresh.problems.problems.map(formatProblem))
  return tags as TagConfig[]
}

test('a file that holds the same gives the very same list; one other line gives the others as they were', (t) => {
  const path = join(temporaryFolder(t), 'tags.csv')
  const cache = new TagListCache()
  const first = both(cache, path, lines(line('a'), line('b'), line('c')))
  assert.equal(both(cache, path, lines(line('a'), line('b'), line('c'))), first)
  const second = both(cache, path, lines(line('a'), line('b', 'hr:8'), line('c')))
  assert.equal(second[0], first[0])
  assert.notEqual(second[1], first[1])
  assert.equal(second[2], first[2])
})

test('what is wrong is told with its own line, and is read whole', (t) => {
  const path = join(temporaryFolder(t), 'tags.csv')
  const cache = new TagListCache()
  both(cache, path, lines(line('a'), line('b'), line('c')))
  both(cache, path, lines(line('a'), line('b', 'nonsense'), line('c')))
  both(cache, path, lines(line('a'), line('b'), line('c')))
  both(cache, path, lines(line('a'), line('c'), line('c')))
})

test('columns that change places: the very first character differs, and the file is as long as before', (t) => {
  const path = join(temporaryFolder(t), 'tags.csv')
  const cache = new TagListCache()
  both(cache, path, 'name,address,type\na,hr:0,uint16\n')
  const [tag] = both(cache, path, 'address,name,type\nhr:7,a,uint16\n')
  assert.equal(tag!.settings.address, 'hr:7')
})

test('any change of any list is read as if it were new', (t) => {
  const path = join(temporaryFolder(t), 'tags.csv')
  const row = fc.oneof(
    { weight: 8, arbitrary: fc.tuple(fc.constantFrom('a', 'b', 'c', 'd', 'e'), fc.constantFrom('hr:0', 'hr:2', 'x')).map(([name, address]) => line(name, address)) }, // prettier-ignore
    fc.constantFrom(
      '',
      '  ',
      line('arr', 'hr:10', 'float32[3]'),
      '"q",hr:0,float32,"m"',
      'short',
      '"two\nlines",hr:4,float32,m',
    ),
  )
  const list = fc
    .tuple(
      fc.array(row, { maxLength: 8 }),
      fc.boolean(),
      fc.constantFrom(HEADER, 'name,type,address,unit', 'address,name,type,unit'),
    )
    .map(([rows, ends, header]) => `${[header, ...rows].join('\n')}${ends ? '\n' : ''}`)
  fc.assert(
    fc.property(fc.array(list, { minLength: 2, maxLength: 5 }), (versions) => {
      const cache = new TagListCache()
      for (const text of versions) both(cache, path, text)
    }),
    { numRuns: 500, seed: 20_261_129 },
  )
})
