/**
 * Holds the security pages against the tests: every requirement has its row, every row says that it is proved, not here or a gap, and what
 * proves it is a test that is there. A test that is renamed or removed fails here, and nobody can believe a table that is not so.
 */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { cellsOf, faultOf, proofsOf } from './pages/proofs.ts'

const ROOT = join(import.meta.dirname, '..')
const PAGES = ['iec-62443-4-2.md', 'asvs-5.md'] as const

interface Row {
  readonly requirement: string
  readonly state: string
  readonly proof: string
}

const pageOf = (name: string): string => readFileSync(join(ROOT, 'docs', 'security', name), 'utf8')

function rowsOf(text: string): Row[] {
  const lines = text.split('\n').filter((line) => line.startsWith('|') && !/^\| (-|requirement)/.test(line))
  return lines.map((line) => {
    const [requirement = '', , state = '', proof = ''] = cellsOf(line)
    return { requirement, state, proof }
  })
}

/** `6.5.1–6.5.5` and `10.2.1, 10.2.2`, as single numbers of `known`. */
function numbersOf(requirement: string, known: readonly string[]): string[] {
  return requirement.split(', ').flatMap((part) => {
    const [from = '', to] = part.split('–')
    if (to === undefined) return [from]
    return known.slice(known.indexOf(from), known.indexOf(to) + 1)
  })
}

for (const page of PAGES) {
  test(`${page}: what is proved is proved by tests that are there, the rest says why`, () => {
    const rows = rowsOf(pageOf(page))
    assert.ok(rows.length > 50)
    const faults = rows.flatMap((row) => {
      const proofs = proofsOf(row.proof)
      const wrong = proofs.map(([file, words]) => faultOf(file, words)).filter((fault) => fault !== undefined)
      if (!['proved', 'not here', 'gap'].includes(row.state)) wrong.push(`the state "${row.state}" is none`)
      if (row.state === 'proved' && proofs.length === 0) wrong.push('nothing proves it')
      if (row.state !== 'proved' && row.proof.length < 10) wrong.push('it does not say why')
      return wrong.map((fault) => `${row.requirement}: ${fault}`)
    })
    assert.deepEqual(faults, [])
  })

  test(`${page}: the numbers in its first paragraphs are those of its rows`, () => {
    const text = pageOf(page)
    const rows = rowsOf(text)
    const [, proved, gaps, others] = /(\d+)\s+rows\s+are\s+proved,\s+(\d+)\s+are\s+gaps,\s+(\d+)\s+do/.exec(text)!
    const count = (state: string): string => String(rows.filter((row) => row.state === state).length)
    assert.deepEqual([proved, gaps, others], [count('proved'), count('gap'), count('not here')])
  })
}

/** Requirements of ASVS 5.0 by section: one digit each, its level. */
const ASVS = `
  1.1:22 1.2:1111122223 1.3:112222222223 1.4:222 1.5:123 2.1:122 2.2:112 2.3:12223 2.4:23 3.1:3 3.2:113 3.3:12223
  3.4:11222233 3.5:11122333 3.6:3 3.7:22333 4.1:12233 4.2:23333 4.3:22 4.4:1222 5.1:2 5.2:112333 5.3:113 5.4:222 6.1:122
  6.2:111111112222 6.3:11223333 6.4:112233 6.5:22222333 6.6:2223 6.7:33 6.8:2222 7.1:222 7.2:1111 7.3:22 7.4:11222 7.5:223
  7.6:22 8.1:1233 8.2:1123 8.3:133 8.4:23 9.1:111 9.2:1222 10.1:22 10.2:223 10.3:22223 10.4:1111122222233333 10.5:22222
  10.6:22 10.7:222 11.1:2233 11.2:22233 11.3:11233 11.4:1222 11.5:23 11.6:23 11.7:33 12.1:12233 12.2:11 12.3:22223
  13.1:2333 13.2:222223 13.3:2233 13.4:1222233 14.1:22 14.2:12223333 14.3:122 15.1:12233 15.2:12233 15.3:1222222 15.4:3333
  16.1:2 16.2:22222 16.3:2222 16.4:222 16.5:2223 17.1:23 17.2:22223333 17.3:22
`

test('every requirement of levels 1 and 2 of ASVS 5.0 has its row, once', () => {
  const wanted = ASVS.trim()
    .split(/\s+/)
    .flatMap((entry) => {
      const [section, levels = ''] = entry.split(':')
      return levels.split('').flatMap((level, at) => (level < '3' ? [`${section}.${at + 1}`] : []))
    })
  assert.equal(wanted.length, 253)
  const found = rowsOf(pageOf('asvs-5.md')).flatMap(({ requirement }) => numbersOf(requirement, wanted))
  assert.deepEqual(found, wanted)
})

test('every requirement of IEC 62443-4-2 up to security level 2 has its row', () => {
  const found = rowsOf(pageOf('iec-62443-4-2.md')).map(({ requirement }) => requirement)
  const wanted =
    `CCSC 1,CCSC 2,CCSC 3,CCSC 4,CR 1.1,CR 1.1 RE 1,CR 1.2,CR 1.3,CR 1.4,CR 1.5,CR 1.7,CR 1.8,CR 1.9,CR 1.10,CR 1.11,CR 1.12,CR 1.14,
    CR 2.1,CR 2.1 RE 1,CR 2.1 RE 2,CR 2.2,SAR 2.4,SAR 2.4 RE 1,CR 2.5,CR 2.6,CR 2.8,CR 2.9,CR 2.10,CR 2.11,CR 2.11 RE 1,CR 2.12,EDR/HDR/NDR 2.13,
    CR 3.1,CR 3.1 RE 1,SAR 3.2,CR 3.3,CR 3.4,CR 3.4 RE 1,CR 3.5,CR 3.6,CR 3.7,CR 3.8,CR 3.9,EDR/HDR/NDR 3.10,EDR/HDR/NDR 3.11–3.14,CR 4.1,CR 4.2,CR 4.3,
    CR 5.1,NDR 5.2\\, 5.3,CR 6.1,CR 6.2,CR 7.1,CR 7.1 RE 1,CR 7.2,CR 7.3,CR 7.3 RE 1,CR 7.4,CR 7.6,CR 7.7,CR 7.8`
      .split(/(?<!\\),\s*/)
      .map((name) => name.replace('\\,', ',').trim())
  assert.deepEqual(found, wanted)
})

test('the assets have a level and what protects them; files of tests that are named in the model are there', () => {
  const text = pageOf('threat-model.md')
  const assets = text.slice(text.indexOf('## Assets'), text.indexOf('## Boundaries'))
  const rows = assets
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .slice(2)
    .map(cellsOf)
  assert.ok(rows.length >= 6)
  for (const [asset = '', level = '', protection = ''] of rows) {
    assert.match(level, /^(safety|integrity|secret|availability|confidential)$/, asset)
    assert.ok(protection.length > 20, asset)
  }
  const missing = [...text.matchAll(/`((?:src|test)\/[\w/-]+)`/g)]
    .map(([, file]) => file!)
    .filter((file) => !existsSync(join(ROOT, `${file}.test.ts`)))
  assert.deepEqual(missing, [])
})

test('control: a title that is not there, and a file that is not there, are found', () => {
  assert.equal(faultOf('src/http/flood', '300 slow senders'), undefined)
  assert.match(faultOf('src/http/flood', '301 slow senders')!, /no test of/)
  assert.match(faultOf('src/http/floods', '300 slow senders')!, /there is no/)
})
