/** Differences of texts: what changed, as a patch that `patch` takes, and two people's changes brought together. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { needs, temporaryFolder } from '../../../../src/testing/peers.ts'
import { changesOf, merged, unifiedPatch } from './line-diff.ts'
import { patchRows } from './patch-rows.ts'

const texts = fc.array(fc.constantFrom('a', 'b', 'c', '', '- d', '-- e', '+ f'), { maxLength: 12 })
const MARKS = { mine: 'mine', theirs: 'theirs' }

test('property: the changes lead from one text to the other', () => {
  fc.assert(
    fc.property(texts, texts, (before, after) => {
      const result: string[] = []
      let at = 0
      for (const { from, to, lines } of changesOf(before, after)) {
        result.push(...before.slice(at, from), ...lines)
        at = to
      }
      assert.deepEqual([...result, ...before.slice(at)], after)
    }),
  )
})

test('property: a patch is taken by patch(1)', { skip: needs('patch') }, (t) => {
  const folder = temporaryFolder(t)
  const file = join(folder, 'x.yaml')
  fc.assert(
    fc.property(texts, texts, fc.boolean(), (before, after, ends) => {
      const textOf = (lines: string[]) => lines.map((line) => `${line}\n`).join('').slice(0, ends ? undefined : -1) // prettier-ignore
      const [old, now] = [textOf(before), textOf(after)]
      if (old === now) return
      writeFileSync(file, old)
      const { status, stdout } = spawnSync('patch', ['-p1', '--posix', '-s'], { cwd: folder, input: unifiedPatch('x.yaml', old, now), encoding: 'utf8' }) // prettier-ignore
      assert.equal(status, 0, stdout)
      assert.equal(readFileSync(file, 'utf8'), now)
    }),
    { numRuns: 40 },
  )
})

test('property: what only one of two has changed is theirs, and nothing is lost', () => {
  fc.assert(
    fc.property(texts, texts, (base, mine) => {
      const [b, m] = [base.join('\n'), mine.join('\n')]
      assert.deepEqual(merged(b, m, b, MARKS), { text: m, conflicts: 0 })
      assert.deepEqual(merged(b, b, m, MARKS), { text: m, conflicts: 0 })
      assert.deepEqual(merged(b, m, m, MARKS), { text: m, conflicts: 0 })
    }),
  )
})

test('changes of two people: apart they are both there, at the same lines both stand between marks', () => {
  const base = 'a\nb\nc\nd\ne\nf'
  assert.deepEqual(merged(base, 'A\nb\nc\nd\ne\nf', 'a\nb\nc\nd\ne\nF\ng', MARKS), { text: 'A\nb\nc\nd\ne\nF\ng', conflicts: 0 }) // prettier-ignore
  const both = merged(base, 'a\nB\nc\nd\ne\nf', 'a\nX\nc\nd\ne\nF', MARKS)
  assert.equal(both.conflicts, 1)
  assert.equal(both.text, 'a\n<<<<<<< mine\nB\n=======\nX\n>>>>>>> theirs\nc\nd\ne\nF')
})

test('a patch as rows: files, places, what was beside what is, and lines that look like heads', () => {
  const patch = `--- a/x.sql\n+++ b/x.sql\n@@ -1,3 +1,3 @@\n a\n--- comment\n+b\n c\n--- a/y\n+++ b/y\n@@ -0,0 +1 @@\n+new\n`
  assert.deepEqual(patchRows(patch), [
    { kind: 'file', text: 'x.sql' },
    { kind: 'place', text: '@@ -1,3 +1,3 @@' },
    { kind: 'same', before: { line: 1, text: 'a' }, after: { line: 1, text: 'a' } },
    { kind: 'change', before: { line: 2, text: '-- comment' }, after: { line: 2, text: 'b' } },
    { kind: 'same', before: { line: 3, text: 'c' }, after: { line: 3, text: 'c' } },
    { kind: 'file', text: 'y' },
    { kind: 'place', text: '@@ -0,0 +1 @@' },
    { kind: 'change', before: undefined, after: { line: 1, text: 'new' } },
  ])
})
