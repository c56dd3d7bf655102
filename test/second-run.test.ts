/** The runner of the tests: what a second run forgives, and what it does not (docs/decisions/0035-a-second-run.md). */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { temporaryFolder } from '../src/testing/peers.ts'

const PASSES = "test('passes', () => {})"
const FAILS = "test('fails', () => assert.fail('always'))"
/** Its first run leaves a mark, and any later one finds it. */
const unsteady = (then: string) => `const mark = new URL('./mark', import.meta.url)
const isFirst = !existsSync(mark)
writeFileSync(mark, '')
${then}`
const UNSTEADY = unsteady("test('unsteady', () => assert.equal(isFirst, false))")

/** Runs these files by `scripts/test.ts`; the result of its last line, and all that it printed. */
function runThem(t: TestContext, contents: readonly string[], isSecondRun: boolean) {
  const folder = temporaryFolder(t)
  const files = contents.map((content, at) => {
    const file = join(folder, `t${at}.test.mjs`)
    writeFileSync(file, `import assert from 'node:assert/strict'\nimport { existsSync, writeFileSync } from 'node:fs'\nimport { after, describe, test } from 'node:test'\n${content}\n`) // prettier-ignore
    return file
  })
  const { NODE_TEST_CONTEXT: _, BIFROST_SECOND_RUN: __, ...env } = process.env
  const { status, stdout } = spawnSync(process.execPath, ['scripts/test.ts', ...files], {
    env: isSecondRun ? { ...env, BIFROST_SECOND_RUN: '1' } : env,
    encoding: 'utf8',
  })
  return { status, counts: stdout.trim().split('\n').at(-1), stdout }
}

test('what fails once and passes alone is named, and counted as passed', (t) => {
  const { status, counts, stdout } = runThem(t, [`${PASSES}\n${UNSTEADY}`, PASSES], true)
  assert.deepEqual([status, counts], [0, '3 passed, 0 failed, 0 skipped'])
  assert.match(stdout, /Failed once, passed alone: [^\n]*\n {2}\S*t0\.test\.mjs: unsteady\n/)
})

test('what fails again fails, beside what does not', (t) => {
  const { status, counts, stdout } = runThem(t, [FAILS, UNSTEADY], true)
  assert.deepEqual([status, counts], [1, '1 passed, 1 failed, 0 skipped'])
  assert.match(stdout, /Failed:\n {2}\S*t0\.test\.mjs: fails\n$/m)
})

test('a file that ended too early may run again; one that holds fewer tests then has failed', (t) => {
  const ended = unsteady(`if (isFirst) process.exit(3)\n${PASSES}`)
  assert.deepEqual(runThem(t, [ended], true).counts, '1 passed, 0 failed, 0 skipped')
  const fewer = unsteady(`test('once', { skip: !isFirst }, () => assert.fail('first'))\n${PASSES}`)
  const { status, counts } = runThem(t, [fewer], true)
  assert.deepEqual([status, counts], [1, '1 passed, 1 failed, 0 skipped'])
})

test('a test that is skipped the second time has not passed, however many others do', (t) => {
  const other = "test('other', { skip: isFirst }, () => {})"
  const skipped = unsteady(`test('important', { skip: !isFirst && 'no peer' }, () => assert.fail('first'))\n${other}`)
  const { status, counts } = runThem(t, [skipped], true)
  assert.deepEqual([status, counts], [1, '0 passed, 1 failed, 1 skipped'])
  // Nor where a suite or another test has the same name, nor where it is only to be done.
  for (const body of [
    "describe('same', () => {\ntest('same', { skip: !isFirst }, () => assert.fail('first'))\ntest('other', () => {})\n})",
    "describe('a', () => {\ntest('same', { skip: !isFirst }, () => assert.fail('first'))\n})\ndescribe('b', () => {\ntest('same', { skip: isFirst }, () => {})\n})",
    "test('same', isFirst ? {} : { todo: true }, isFirst ? () => assert.fail('first') : undefined)\ntest('other', () => {})",
    "describe('whole', { skip: !isFirst && 'no peer' }, () => { throw new Error('first') })\ntest('other', () => {})",
  ]) {
    const again = runThem(t, [unsteady(body)], true)
    assert.equal(again.status, 1, `${body}\n${again.stdout}`)
  }
})

test('a suite that is skipped is listed, and so is what is to be done', (t) => {
  const { status, counts, stdout } = runThem(t, [`describe('whole', { skip: 'no peer' }, () => {\n${FAILS}\n})\ntest('later', { todo: true })\n${PASSES}`], false) // prettier-ignore
  assert.deepEqual([status, counts], [0, '1 passed, 0 failed, 2 skipped'])
  assert.match(stdout, / {2}whole: no peer\n/)
  assert.match(stdout, / {2}later: to do/)
})

test('a file that crashed and then holds no test at all has failed', (t) => {
  const { status, counts } = runThem(t, [unsteady("if (isFirst) throw new Error('crash')"), PASSES], true)
  assert.deepEqual([status, counts], [1, '1 passed, 1 failed, 0 skipped'])
})

test('a file that ends by a code of its own after its tests have passed has failed, twice too', (t) => {
  const { status, counts } = runThem(t, [`${PASSES}\nprocess.on('exit', () => process.exit(3))`], true)
  assert.deepEqual([status, counts], [1, '1 passed, 1 failed, 0 skipped'])
  const later = runThem(t, [`${UNSTEADY}\nif (!isFirst) process.on('exit', () => process.exit(3))`], true)
  assert.deepEqual([later.status, later.counts], [1, '0 passed, 1 failed, 0 skipped'])
})

const suite = (hook: string, tests: string) => `describe('suite', () => {\nafter(${hook})\n${tests}\n})`

test('what fails behind the tests of a suite fails; a suite whose tests fail is not counted with them', (t) => {
  const behind = runThem(t, [suite("() => assert.fail('behind')", PASSES)], true)
  assert.deepEqual([behind.status, behind.counts], [1, '1 passed, 1 failed, 0 skipped'])
  assert.match(behind.stdout, /Failed:\n {2}\S*t0\.test\.mjs: suite\n/)
  const within = runThem(t, [suite('() => {}', FAILS)], true)
  assert.deepEqual([within.status, within.counts], [1, '0 passed, 1 failed, 0 skipped'])
  const once = runThem(t, [unsteady(suite('() => assert.equal(isFirst, false)', PASSES))], true)
  assert.deepEqual([once.status, once.counts], [0, '1 passed, 0 failed, 0 skipped'])
})

test('many files that fail do not run again, and at a desk none does', (t) => {
  const many = runThem(t, Array.from({ length: 6 }, (_, at) => UNSTEADY.replace('./mark', `./mark-${at}`)), true) // prettier-ignore
  assert.deepEqual([many.status, many.counts], [1, '0 passed, 6 failed, 0 skipped'])
  const { status, counts } = runThem(t, [UNSTEADY], false)
  assert.deepEqual([status, counts], [1, '0 passed, 1 failed, 0 skipped'])
})
