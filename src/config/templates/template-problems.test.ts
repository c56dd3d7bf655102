/** What can be wrong with templates themselves, and what a hostile or careless hand can put into a parameter. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadFiles as load, problemLines as problemsOf, type Files } from '../../testing/config-rig.ts'

const METER =
  'name: meter\nparameters: { host: {}, unit: { type: number, default: 1 } }\ndriver: modbus\noptions: { host: "${param:host}", unit: "${param:unit}" }\ntags: [{ name: level, address: hr:0, type: int16 }, { name: flow, address: hr:1, type: int16 }]\n'
const files = (devices: string, more: Files = {}): Files => ({
  'meter.yaml': METER,
  'bifrost.yaml': `version: 1\ntemplates: [meter.yaml]\ndevices:\n${devices}`,
  ...more,
})

test('a template that nobody knows, and the nearest one', async (t) => {
  assert.deepEqual(
    await problemsOf(t, files('  - { name: a, template: metre }\n  - { name: b, template: boiler }\n')),
    [
      'bifrost.yaml:4:26 devices[0].template: unknown template "metre", did you mean "meter"?',
      'bifrost.yaml:5:26 devices[1].template: unknown template "boiler"; `bifrost templates` lists those of the library',
    ],
  )
})

test('a name that comes twice names both lines, across rows, files and the configuration', async (t) => {
  const more = { 'm.csv': 'name,host\nm1,h\nm2,h\nm1,h\na,h\n' }
  const lines = await problemsOf(
    t,
    files(
      '  - { template: meter, instances: m.csv }\n  - { name: a, template: meter, parameters: { host: h } }\n',
      more,
    ),
  )
  assert.deepEqual(lines, [
    'm.csv:4:1 row 4, name: the device "m1" exists already, at m.csv:2:1',
    'm.csv:5:1 row 5, name: the device "a" exists already, at bifrost.yaml:5:13',
  ])
})

test('a change of a tag that the template does not have', async (t) => {
  const lines = await problemsOf(
    t,
    files(`  - name: a
    template: meter
    parameters: { host: h }
    tags:
      - { name: levle, unit: m }
      - { name: power, enabled: false }
      - { name: flow, untit: x }
      - { name: flow, unit: x }
      - { unit: x }
      - { name: level, type: real }
`),
  )
  assert.deepEqual(lines, [
    'bifrost.yaml:8:17 devices[0].tags[0].name: template "meter" has no tag "levle"; one that is added needs an address and a type, did you mean "level"?',
    'bifrost.yaml:9:17 devices[0].tags[1].name: template "meter" has no tag "power"; one that is added needs an address and a type',
    'bifrost.yaml:10:23 devices[0].tags[2].untit: unknown key "untit", did you mean "unit"?',
    'bifrost.yaml:11:17 devices[0].tags[3].name: the tag "flow" is changed already, at bifrost.yaml:10:17',
    'bifrost.yaml:12:9 devices[0].tags[4].name: name is missing: it says which tag is meant',
    'bifrost.yaml:13:30 devices[0].tags[5].type: unknown type "real"; known are bool, int8, uint8, int16, uint16, int32, uint32, int64, uint64, float32, float64, string, bytes, did you mean "float32"?',
  ])
})

test('what is wrong with a template is told at its own lines, used or not', async (t) => {
  const broken = `name: Broken One
summery: x
parameters:
  host: { type: txt }
  unit: { type: number, min: low, default: 1 }
  kind: { type: choice }
  pace: { type: duration, default: often }
  spare: {}
  span: { type: number, min: 9, max: 3 }
  name: {}
template: meter
driver: modbsu
options: { host: "\${param:hots}", unit: "\${param:unit}", port: "\${param:kind}", timeout: "\${param:pace}" }
every: \${param:name}
`
  assert.deepEqual(
    await problemsOf(t, { 'b.yaml': broken, 'bifrost.yaml': 'version: 1\ntemplates: [b.yaml, c.yaml, 4]\n' }),
    [
      'b.yaml:1:7 name: expected lower-case letters, digits, dots, dashes and underscores, got "Broken One"',
      'b.yaml:2:1 summery: unknown key "summery", did you mean "summary"?',
      'b.yaml:4:3 parameters.host: nothing in this template refers to it; ${param:host} would',
      'b.yaml:4:17 parameters.host.type: expected one of text, number, duration, choice, got "txt", did you mean "text"?',
      'b.yaml:5:30 parameters.unit.min: expected a number, got "low"',
      'b.yaml:6:9 parameters.kind.choices: a choice needs `choices: [ … ]`',
      'b.yaml:7:36 parameters.pace.default: expected a duration such as 250ms, 2s or 5m, got "often"',
      'b.yaml:8:3 parameters.spare: nothing in this template refers to it; ${param:spare} would',
      'b.yaml:9:3 parameters.span: nothing in this template refers to it; ${param:span} would',
      'b.yaml:9:38 parameters.span.max: max (3) is below min (9)',
      'b.yaml:10:3 parameters.name: "name" says something of every device; choose another name',
      'b.yaml:11:1 template: unknown key "template"; known are name, summary, source, parameters, driver, options, every, tags',
      'b.yaml:12:9 driver: unknown driver "modbsu", did you mean "modbus"?',
      'b.yaml:13:18 options.host: this template has no parameter "hots", did you mean "host"?',
      'bifrost.yaml:2:21 templates[1]: there is no file c.yaml, did you mean b.yaml?',
      'bifrost.yaml:2:29 templates[2]: expected a mapping that describes a template, got 4',
    ],
  )
})

test('a reference outside of any template is refused, even one that an alias carries out', async (t) => {
  const lines = await problemsOf(t, {
    'bifrost.yaml': `version: 1
templates:
  - { name: m, driver: modbus, parameters: { host: {} }, options: &o { host: "\${param:host}" } }
devices:
  - { name: a, driver: modbus, options: *o }
  - { name: b, driver: modbus, options: { host: "x-\${param:host}" } }
`,
  })
  assert.equal(lines.length, 2)
  assert.match(lines[0]!, /^bifrost\.yaml:3:78 devices\[0\]\.options\.host: this stands in no template/)
  assert.match(lines[1]!, /^bifrost\.yaml:6:49 devices\[1\]\.options\.host: this stands in no template/)
})

test('a parameter that gives a tag the name of another: told at the device that does, not at the ones before', async (t) => {
  const named = METER.replace(
    '{ name: level,',
    '{ name: "${param:first}", address: hr:5, type: int16 }, { name: level,',
  ).replace('host: {}', 'host: {}, first: {}')
  const instances = '[{ name: a, first: x }, { name: b, first: level }]'
  const lines = await problemsOf(t, {
    ...files(`  - { template: meter, parameters: { host: h }, instances: ${instances} }\n`),
    'meter.yaml': named,
  })
  assert.equal(lines.length, 1)
  assert.match(lines[0]!, /^meter\.yaml:5:\d+ tags\[1\]\.name: the tag "level" exists already, at .* \(for device "b"/)
})

test('a parameter that a tag refuses is told at each device that gives it', async (t) => {
  const scaled = METER.replace('address: hr:0,', 'address: hr:0, scale: "${param:unit}",').replace(
    'unit: "${param:unit}" }',
    '}',
  )
  const lines = await problemsOf(t, {
    ...files(
      '  - { template: meter, parameters: { host: h }, instances: [{ name: a, unit: 0 }, { name: b, unit: 0 }] }\n',
    ),
    'meter.yaml': scaled,
  })
  assert.deepEqual(lines.map((line) => line.split(': ')[0]), ['bifrost.yaml:4:78 tags[0].scale', 'bifrost.yaml:4:100 tags[0].scale']) // prettier-ignore
})

test('a parameter adds no structure and no reference, whatever it holds', async (t) => {
  const nasty = 'h, port: 99 } # ${param:unit} ${HOME} "\'{['
  const serial = METER.replace('host: "${param:host}"', 'transport: rtu, serial: { path: "${param:host}" }')
  const config = await load(t, {
    ...files('  - { template: meter, instances: m.csv }\n  - { name: b, template: meter, parameters: { host: "${NASTY}" } }\n'),
    'meter.yaml': serial,
    'm.csv': `name,host\na,"${nasty.replaceAll('"', '""')}"\n`,
  }, { env: { NASTY: nasty } }) // prettier-ignore
  assert.equal(config.devices.length, 2)
  for (const { options } of config.devices) {
    const { serial: given, port, unit } = options as { serial: { path: string }; port?: number; unit: number }
    assert.deepEqual([given.path, port, unit], [nasty, undefined, 1])
  }
  const lines = await problemsOf(
    t,
    files(
      '  - { name: a, template: meter, parameters: { host: { a: 1 }, unit: [1] } }\n  - { name: b, template: meter, parameters: { host: "a\\nb" } }\n',
    ),
  )
  assert.deepEqual(lines.map((line) => line.replace(/ \(.*/, '')), [
    'bifrost.yaml:4:53 devices[0].parameters.host: expected a text, got a mapping',
    'bifrost.yaml:4:69 devices[0].parameters.unit: expected a number, got a list',
    'bifrost.yaml:5:53 devices[1].parameters.host: a parameter holds no line break',
  ]) // prettier-ignore
})

test('a value of the environment takes the type of its parameter and is never shown', async (t) => {
  const device = '  - { name: a, template: meter, parameters: { host: "${H}", unit: "${U}" } }\n'
  const config = await load(t, files(device), { env: { H: 'plc', U: '7' } })
  assert.equal((config.devices[0]!.options as { unit: number }).unit, 7)
  for (const unit of ['47114', 'swordfish']) {
    const lines = await problemsOf(t, files(device), { env: { H: 'plc', U: unit } })
    assert.equal(lines.length, 1)
    assert.match(lines[0]!, /^bifrost\.yaml:4:67 .*got the value from the environment/)
    assert.doesNotMatch(lines[0]!, /47114|swordfish/)
  }
})

test('a parameter that an option needs, left out: the device, and where the template would have used it', async (t) => {
  const optional = METER.replace('host: {}', 'host: { required: false }')
  const lines = await problemsOf(t, files('  - { name: a, template: meter }\n', { 'meter.yaml': optional }))
  assert.deepEqual(lines, [
    'bifrost.yaml:4:5 devices[0].options.host: transport tcp needs a host, got nothing (options.host of template "meter", at meter.yaml:4:18)',
  ])
})

test('a reference in the CSV file of a template is refused, not passed on as text', async (t) => {
  const template =
    'name: m\nparameters: { host: {} }\ndriver: modbus\noptions: { host: "${param:host}" }\ntags: t.csv\n'
  const lines = await problemsOf(t, {
    'm.yaml': template,
    't.csv': 'name,address,type,unit\nlevel,hr:0,int16,${param:host}\n',
    'bifrost.yaml': 'version: 1\ntemplates: [m.yaml]\n',
  })
  assert.deepEqual(lines, [
    't.csv:2:18 row 2, unit: a CSV file is taken as it is written; tags with parameters stand in a list in the template',
  ])
})

test('aliases that multiply do not: a template of a billion laughs is refused soon', async (t) => {
  const levels = Array.from({ length: 40 }, (_, at) => `  l${at + 1}: &l${at + 1} { a: *l${at}, b: *l${at} }\n`).join(
    '',
  )
  const bomb = `name: meter\ndriver: modbus\nparameters: { host: {} }\noptions:\n  l0: &l0 { a: "\${param:host}" }\n${levels}`
  const start = performance.now()
  const lines = await problemsOf(
    t,
    files('  - { name: a, template: meter, parameters: { host: h } }\n', { 'meter.yaml': bomb }),
  )
  assert.ok(lines.length > 0)
  assert.ok(performance.now() - start < 5000)
})
