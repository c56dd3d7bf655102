/** The columns that make writes safe: what they take, and what is said, with file, line and column, when they do not fit. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { drivers } from '../drivers/index.ts'
import { sinks } from '../sinks/index.ts'
import { temporaryFolder } from '../testing/peers.ts'
import { loadConfig } from './load.ts'
import { ConfigError, formatProblem } from './problem.ts'

const HEAD = 'version: 1\ndevices:\n  - name: press\n    driver: simulated\n    tags:\n'

async function problems(t: TestContext, tags: readonly string[], more = ''): Promise<string[]> {
  const file = join(temporaryFolder(t), 'bifrost.yaml')
  writeFileSync(file, `${HEAD}${tags.map((tag) => `      - { ${tag} }\n`).join('')}${more}`)
  try {
    await loadConfig(file, { drivers, sinks, env: {} })
    return []
  } catch (error) {
    assert.ok(error instanceof ConfigError)
    return error.problems.map((problem) => formatProblem(problem).replace(/^.*bifrost\.yaml:/, ''))
  }
}

const tag = (name: string, type: string, more: string) =>
  `name: ${name}, address: 'cell:name=${name}', type: ${type}, ${more}`
const DOOR = tag('door', 'bool', 'writable: true')

test('all of them on one tag, in YAML and in CSV', async (t) => {
  const folder = temporaryFolder(t)
  const file = join(folder, 'bifrost.yaml')
  writeFileSync(
    join(folder, 'press.csv'),
    'name,address,type,writable,writeValues,writeEvery,writeStep,approval,critical,interlock\n' +
      'level,cell:name=level,float64,true,0|1.5,5s,0.5,true,yes,"press/door = true and ./level < 5"\ndoor,cell:name=door,bool,,,,,,,\n',
  )
  writeFileSync(file, 'version: 1\ndevices:\n  - { name: press, driver: simulated, tags: press.csv }\n')
  const { settings } = (await loadConfig(file, { drivers, sinks, env: {} })).devices[0]!.tags[0]!
  const { writeValues, writeEveryMs, writeStep, approval, critical, interlock } = settings
  assert.deepEqual(
    { writeValues, writeEveryMs, writeStep, approval, critical, interlock },
    { writeValues: '0|1.5', writeEveryMs: 5000, writeStep: 0.5, approval: true, critical: true, interlock: 'press/door = true and ./level < 5' }, // prettier-ignore
  )
  const level = tag('level', 'float64', 'writable: true, writeValues: 0|1.5, interlock: "./door and press/level < 5"')
  assert.deepEqual(await problems(t, [level, DOOR]), [])
})

test('an interlock that cannot be read, or names a tag that is not there, is told at its column', async (t) => {
  const level = (interlock: string) => tag('level', 'float64', `writable: true, interlock: "${interlock}"`)
  const [syntax] = await problems(t, [level('./door == true'), DOOR])
  assert.match(syntax!, /^6:102 .*interlock.*: == is no comparison here; did you mean =\?/)
  const [device] = await problems(t, [level('pres/door = true'), DOOR])
  assert.match(device!, /^6:95 .*interlock, column 1: there is no device pres; did you mean press\?/)
  const [missing] = await problems(t, [level('./door and ./dor'), DOOR])
  assert.match(missing!, /^6:106 .*interlock, column 12: there is no tag press\/dor; did you mean door\?/)
  const [type] = await problems(t, [level('press/door < 5'), DOOR])
  assert.match(type!, /interlock, column 1: a boolean is compared with a number: they are never the same/)
})

test('what makes no sense together is told', async (t) => {
  for (const [more, says] of [
    ['approval: true', /approval says how it may be written, and the tag is not writable/],
    ['interlock: ./door', /interlock says how it may be written/],
    ['writable: true, writeValues: 0|x', /"x" is no number, and the tag is of type float64/],
    ['writable: true, writeValues: "0||1"', /expected values with \| between them/],
    ['writable: true, writeEvery: soon', /expected a duration/],
    ['writable: true, writeStep: -1', /expected at least 0/],
  ] as const)
    assert.match((await problems(t, [tag('level', 'float64', more), DOOR]))[0] ?? 'nothing', says)
  assert.match((await problems(t, [tag('on', 'bool', 'writable: true, writeStep: 1')]))[0]!, /a tag of type bool has no steps/) // prettier-ignore
  assert.match((await problems(t, [tag('on', 'bool', 'writable: true, writeValues: 0|1')]))[0]!, /takes true and false/)
})
