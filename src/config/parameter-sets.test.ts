/** Parameter sets in a configuration: what they become, and each mistake at its place. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { drivers } from '../drivers/index.ts'
import { sinks } from '../sinks/index.ts'
import { loadFiles, problemLines } from '../testing/config-rig.ts'
import { compareConfigs } from './plan/compare.ts'
import { differenceLines } from './plan/plan-lines.ts'
import { renderConfig } from './render.ts'

const device = (lines: string): string => `version: 1
devices:
  - name: drive
    driver: modbus
    options: { host: 192.0.2.1 }
    tags: [{ name: speed, address: hr:0, type: uint16 }]
${lines.replaceAll(/^/gm, '    ')}
`

const SETS = `parameterWrites: true
parameterSets:
  - name: motor
    description: costs \${PRICE} $$
    restore: true
    onFailure: continue
    compareEvery: 1h
    entries:
      - { name: max-speed, address: hr:10, type: uint16, scale: 0.1, unit: Hz, tolerance: 0.05, writeMax: 60 }
      - { name: serial, address: hr:20, type: string, length: 8, readOnly: true }
  - name: filter
    entries: filter.csv`

const CSV = 'name,address,type,order,tolerance,readOnly\ngain,hr:30,float32,CDAB,0.5,\nid,hr:32,uint16,,,yes\n'

test('inline and CSV; nothing may be written unless it is said', async (t) => {
  const files = { 'bifrost.yaml': device(SETS), 'filter.csv': CSV }
  const { devices } = await loadFiles(t, files, { env: { PRICE: '5' } })
  const { writes, sets } = devices[0]!.parameters!
  const [motor, filter] = sets
  assert.equal(writes, true)
  assert.deepEqual(
    [motor!.name, motor!.description, motor!.restore, motor!.onFailure, motor!.compareEveryMs],
    ['motor', 'costs 5 $', true, 'continue', 3_600_000],
  )
  assert.deepEqual(
    [filter!.restore, filter!.onFailure, filter!.compareEveryMs],
    [false, 'stop', undefined],
    'off where nothing is said',
  )
  const shown = [...motor!.parameters, ...filter!.parameters].map(({ settings }) => {
    const { name, address, type, scale, order, unit, tolerance, readOnly, writeMax, writable } = settings
    return [name, address, type, scale, order, unit, tolerance, readOnly, writeMax, writable]
  })
  const no = undefined
  assert.deepEqual(shown, [
    ['max-speed', 'hr:10', 'uint16', 0.1, no, 'Hz', 0.05, no, 60, false],
    ['serial', 'hr:20', 'string', no, no, no, no, true, no, false],
    ['gain', 'hr:30', 'float32', no, 'CDAB', no, 0.5, no, no, false],
    ['id', 'hr:32', 'uint16', no, no, no, no, true, no, false],
  ])
  const plain = await loadFiles(t, { 'bifrost.yaml': device('parameterSets: [{ name: a, entries: [] }]') })
  assert.deepEqual(plain.devices[0]!.parameters?.writes, false)
  assert.equal((await loadFiles(t, { 'bifrost.yaml': device('') })).devices[0]!.parameters, undefined)
})

test('devices that are made from a template have them too, each the same', async (t) => {
  const yaml = `version: 1
templates:
  - { name: drive, driver: modbus, parameters: { host: {} }, options: { host: '\${param:host}' }, tags: [{ name: s, address: hr:0, type: uint16 }] }
devices:
  - template: drive
    parameterWrites: true
    parameterSets: [{ name: motor, restore: true, entries: [{ name: a, address: hr:1, type: uint16 }] }]
    instances: [{ name: d1, host: 192.0.2.1 }, { name: d2, host: 192.0.2.2 }]
`
  const { devices } = await loadFiles(t, { 'bifrost.yaml': yaml })
  assert.deepEqual(
    devices.map(({ name, parameters }) => [name, parameters?.writes, parameters?.sets[0]?.parameters.length]),
    [
      ['d1', true, 1],
      ['d2', true, 1],
    ],
  )
})

test('each mistake is told at its place', async (t) => {
  for (const [lines, problem] of [
    ['parameterSets: drive.csv', /parameterSets: expected a list of parameter sets, got "drive.csv"/],
    ['parameterSets: [motor]', /expected a mapping such as .*, got "motor"/],
    ['parameterSets: [{ entries: [] }]', /name is missing|name: /],
    ['parameterSets: [{ name: a/b, entries: [] }]', /the name of a parameter set has no slash/],
    [
      'parameterSets: [{ name: a, entries: [] }, { name: a, entries: [] }]',
      /the parameter set "a" exists already, at bifrost\.yaml:7:/,
    ],
    ['parameterSets: [{ name: a }]', /entries: expected the name of a CSV file or a list/],
    ['parameterSets: [{ name: a, entries: none.csv }]', /there is no file none\.csv/],
    ['parameterSets: [{ name: a, restor: true, entries: [] }]', /unknown key "restor".*"restore"/],
    ['parameterSets: [{ name: a, compareEvery: 1ms, entries: [] }]', /compareEvery/],
    [
      'parameterSets: [{ name: a, entries: [{ name: p, address: hr:0, type: uint16, every: 1s }] }]',
      /unknown key "every"/,
    ],
    [
      'parameterSets: [{ name: a, entries: [{ name: p, address: xx, type: uint16 }] }]',
      /modbus addresses look like|xx/,
    ],
    [
      'parameterSets: [{ name: a, entries: [{ name: p, address: hr:0, type: uint16, tolerance: -1 }] }]',
      /tolerance: expected an amount/,
    ],
    [
      'parameterSets: [{ name: a, entries: [{ name: p, address: hr:0, type: uint16, readOnly: maybe }] }]',
      /readOnly: expected true or false/,
    ],
    [
      'parameterSets: [{ name: a, entries: [{ name: p, address: hr:0, type: uint16 }, { name: p, address: hr:1, type: uint16 }] }]',
      /the parameter "p" exists already/,
    ],
    ['parameterWrites: perhaps', /parameterWrites/],
    [
      'parameterSets: [{ name: a, entries: [{ name: p, address: hr:0, type: uint16, writable: true }] }]',
      /unknown key "writable"/,
    ],
  ] as const) {
    const found = await problemLines(t, { 'bifrost.yaml': device(lines) })
    assert.ok(
      found.some((line) => problem.test(line) && line.startsWith('bifrost.yaml:')),
      `${lines}: ${found.join('\n')}`,
    )
  }
})

test('a parameter is no way around the rules of a tag', async (t) => {
  const yaml = (tag: string, parameter: string, set = 'restore: true') => `version: 1
devices:
  - name: drive
    driver: modbus
    options: { host: 192.0.2.1 }
    tags: [{ name: speed, address: hr:0, type: uint16, writable: true${tag} }]
    parameterWrites: true
    parameterSets: [{ name: motor, ${set}, entries: [{ name: p, address: '40001', type: uint16${parameter} }] }]
`
  const refused = /the parameter "p" of the set "motor" would be written where the tag "speed" has rules for its writes/
  for (const rule of [
    ', approval: true',
    ', critical: true',
    ', writeStep: 5',
    ', writeEvery: 5s',
    ', writeValues: 1|2',
  ]) {
    const [problem = ''] = await problemLines(t, { 'bifrost.yaml': yaml(rule, '') })
    assert.match(problem, refused, rule)
    assert.deepEqual(await problemLines(t, { 'bifrost.yaml': yaml(rule, ', readOnly: true') }), [])
    assert.deepEqual(await problemLines(t, { 'bifrost.yaml': yaml(rule, '', 'restore: false') }), [])
  }
  assert.deepEqual(await problemLines(t, { 'bifrost.yaml': yaml('', '') }), [])
})

test('a plan tells what may be written now, and that a set is another; its file belongs to the configuration', async (t) => {
  const load = (lines: string) => loadFiles(t, { 'bifrost.yaml': device(lines), 'motor.csv': CSV })
  const sets = 'parameterSets: [{ name: motor, entries: motor.csv }]'
  const before = await load(sets)
  assert.ok(
    before.files.some((file) => file.endsWith('/motor.csv')),
    before.files.join(),
  )
  const after = await load(`parameterWrites: true\n${sets.replace('motor,', 'motor, restore: true,')}`)
  const plan = differenceLines(compareConfigs({ ...before, data: '', file: '' }, { ...after, data: '', file: '' }))
  assert.deepEqual(
    plan.map((line) => line.replace(/, [0-9a-f]{8}/g, '')),
    [
      '~ device drive',
      '    parameterWrites: false → true',
      '    parameterSets.motor: 2 parameters, only compared → 2 parameters, may be restored',
    ],
  )
  const other = await loadFiles(t, { 'bifrost.yaml': device(sets), 'motor.csv': CSV.replace('hr:30', 'hr:31') })
  assert.equal(compareConfigs({ ...before, data: '', file: '' }, { ...other, data: '', file: '' }).length, 1)
})

test('what is rendered loads to the same sets', async (t) => {
  const files = { 'bifrost.yaml': device(SETS), 'filter.csv': CSV }
  const config = await loadFiles(t, files, { env: { PRICE: '5' } })
  const text = await renderConfig(config.file, { drivers, sinks, env: { PRICE: '5' } })
  const again = await loadFiles(t, { 'bifrost.yaml': text })
  assert.deepEqual(again.devices[0]!.parameters, config.devices[0]!.parameters)
})
