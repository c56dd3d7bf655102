/** Devices from templates: what they become, and that a problem names the line of its cause and the other end of it. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { z } from 'zod'
import { defineDriver } from '../../core/driver.ts'
import { drivers } from '../../drivers/index.ts'
import { loadFiles, problemLines, type Files } from '../../testing/config-rig.ts'

const load = (t: TestContext, files: Files) =>
  loadFiles(t, { 'meter.yaml': METER, ...files }, { drivers: [...drivers, twin] })
const problemsOf = (t: TestContext, files: Files) => problemLines(t, { 'meter.yaml': METER, ...files })

const METER = `name: meter
summary: a meter for these tests
source: { document: its manual, edition: '2', pages: 17 }
parameters:
  host: { type: text, description: Host name of the meter. }
  port: { type: number, required: false }
  unit: { type: number, min: 1, max: 300, default: 1 }
  pace: { type: duration, default: 5s, min: 1s }
  words: { type: choice, choices: [ABCD, CDAB], default: ABCD }
  ratio: { type: number, default: 1 }
driver: modbus
options: { host: "\${param:host}", port: "\${param:port}", unit: "\${param:unit}", order: "\${param:words}", timeout: 3s }
every: \${param:pace}
tags:
  - { name: voltage, address: ir:0, type: float32, unit: V }
  - { name: current, address: ir:6, type: float32, unit: A, scale: "\${param:ratio}" }
  - { name: energy, address: ir:72, type: float32, unit: kWh, every: 1m, deadband: 0.1 }
`

const file = (devices: string) =>
  `version: 1\ntemplates: [meter.yaml]\ndevices:\n${devices.replace(/^(?=.)/gm, '  ')}\n`

test('a device from a template has its options, its interval and its tags, with the parameters filled in', async (t) => {
  const config = await load(t, {
    'bifrost.yaml': file(
      '- { name: m1, template: meter, parameters: { host: 10.0.0.5, unit: 3, ratio: 40, words: CDAB, port: 1502 } }',
    ),
  })
  const [device] = config.devices
  const options = device!.options as Record<string, unknown>
  assert.equal(device!.type.name, 'modbus')
  assert.deepEqual(
    [options.host, options.port, options.unit, options.order, options.timeout, device!.everyMs],
    ['10.0.0.5', 1502, 3, 'CDAB', 3000, 5000],
  )
  assert.deepEqual(
    device!.tags.map(({ settings }) => [settings.name, settings.address, settings.scale, settings.everyMs]),
    [
      ['voltage', 'ir:0', undefined, 5000],
      ['current', 'ir:6', 40, 5000],
      ['energy', 'ir:72', undefined, 60_000],
    ],
  )
})

test('an option whose parameter is not given is left to the driver', async (t) => {
  const config = await load(t, { 'bifrost.yaml': file('- { name: m1, template: meter, parameters: { host: h } }') })
  assert.equal((config.devices[0]!.options as { port?: number }).port, undefined)
})

test('the rest of a device goes over its template: options key by key, interval, tags by name', async (t) => {
  const config = await load(t, {
    'bifrost.yaml': file(`- name: m1
  template: meter
  parameters: { host: h }
  options: { timeout: 9s, tls: { insecure: true }, transport: tls }
  every: 2s
  enabled: false
  tags:
    - { name: current, unit: kA, scale: 0.001 }
    - { name: energy, enabled: false }
    - { name: voltage, unit: ~ }
    - { name: power, address: ir:12, type: float32 }`),
  })
  const [device] = config.devices
  const { timeout, tls, host } = device!.options as Record<string, unknown>
  assert.deepEqual([timeout, host, device!.everyMs, device!.enabled], [9000, 'h', 2000, false])
  assert.deepEqual(tls, { insecure: true })
  assert.deepEqual(
    device!.tags.map(({ settings }) => [settings.name, settings.address, settings.unit, settings.scale]),
    [
      ['voltage', 'ir:0', undefined, undefined],
      ['current', 'ir:6', 'kA', 0.001],
      ['power', 'ir:12', undefined, undefined],
    ],
  )
})

test('what one device changes in its tags or options is not changed for the next one', async (t) => {
  const { devices } = await load(t, {
    'bifrost.yaml': file(`- name: m1
  template: meter
  parameters: { host: h, port: 1502 }
  options: { port: ~, timeout: ~ }
  tags: [{ name: voltage, enabled: false }, { name: current, unit: kA }]
- { name: m2, template: meter, parameters: { host: h, port: 1503 } }`),
  })
  const [changed, plain] = devices.map(({ options, tags }) => {
    const { port, timeout } = options as { port?: number; timeout: number }
    return [port, timeout, ...tags.map(({ settings }) => `${settings.name} ${settings.unit}`)]
  })
  assert.deepEqual(changed, [undefined, 2000, 'current kA', 'energy kWh'], '~ leaves the option to the driver')
  assert.deepEqual(plain, [1503, 3000, 'voltage V', 'current A', 'energy kWh'])
})

/** A driver with nothing behind it and two options of the same shape. */
const twin = defineDriver({
  name: 'twin',
  summary: 'for this test',
  options: z.object({ left: z.object({ at: z.number() }), right: z.object({ at: z.number() }) }),
  addressExamples: ['x'],
  parseAddress: (text) => text,
  describeAddress: (address) => address,
  line: () => '',
  create: () => assert.fail('nothing is created by a check'),
})

test('an option of a mapping that an alias shares is changed in one place only', async (t) => {
  const { devices } = await load(t, {
    'bifrost.yaml': `version: 1
templates: [{ name: pair, driver: twin, options: { left: &side { at: 1 }, right: *side } }]
devices:
  - { name: a, template: pair, options: { left: { at: 2 } } }
  - { name: b, template: pair }
`,
  })
  assert.deepEqual(
    devices.map(({ options }) => options),
    [
      { left: { at: 2 }, right: { at: 1 } },
      { left: { at: 1 }, right: { at: 1 } },
    ],
  )
})

test('instances come from a CSV file, one row a device, or from a list; shared parameters stand with the entry', async (t) => {
  const config = await load(t, {
    'bifrost.yaml': file(`- { template: meter, instances: meters.csv, parameters: { host: gateway, ratio: 5 } }
- template: meter
  parameters: { host: gateway }
  instances: [{ name: m4, unit: 4 }, { name: m5, unit: 5, every: 1s }]`),
    'meters.csv': 'name;unit;host;every;enabled\nm1;1;;;\nm2;2;other;10s;no\n\nm3;3;;;yes\n',
  })
  assert.deepEqual(
    config.devices.map(({ name, everyMs, enabled, options }) => {
      const { host, unit } = options as { host: string; unit: number }
      return [name, host, unit, everyMs, enabled]
    }),
    [
      ['m1', 'gateway', 1, 5000, true],
      ['m2', 'other', 2, 10_000, false],
      ['m3', 'gateway', 3, 5000, true],
      ['m4', 'gateway', 4, 5000, true],
      ['m5', 'gateway', 5, 1000, true],
    ],
  )
  assert.equal(config.devices[0]!.tags, config.devices[2]!.tags, 'nothing in their tags differs: the very same list')
  assert.notEqual(config.devices[0]!.tags, config.devices[3]!.tags, 'another ratio')
  assert.equal(config.devices[0]!.tags[1]!.settings.scale, 5)
  assert.equal(
    config.devices[0]!.tags[0],
    config.devices[3]!.tags[0],
    'a tag in which nothing differs is the very same',
  )
  assert.notEqual(config.devices[0]!.tags[0], config.devices[4]!.tags[0], 'another interval')
})

test('templates come from files, from the file itself, and from the library; the nearest one goes first', async (t) => {
  const other = METER.replace('name: meter', 'name: known').replace('timeout: 3s', 'timeout: 4s')
  const config = await load(t, {
    'library/known.yaml': other,
    'library/meter.yaml': METER.replace('timeout: 3s', 'timeout: 8s'),
    'bifrost.yaml': `version: 1
templates:
  - meter.yaml
  - { name: pulse, driver: simulated, tags: [{ name: beat, address: "sine:period=\${param:p}", type: float64 }], parameters: { p: { type: duration } } }
devices:
  - { name: a, template: meter, parameters: { host: h } }
  - { name: b, template: known, parameters: { host: h } }
  - { name: c, template: pulse, parameters: { p: 3s } }
`,
  })
  const timeouts = config.devices.map(({ options }) => (options as { timeout?: number }).timeout)
  assert.deepEqual(timeouts, [3000, 4000, undefined])
  assert.equal(config.devices[2]!.tags[0]!.settings.address, 'sine:period=3s')
})

test('a tag list beside the template may be CSV', async (t) => {
  const config = await load(t, {
    'meters/m.yaml':
      'name: m\nparameters: { host: {} }\ndriver: modbus\noptions: { host: "${param:host}" }\ntags: m.csv\n',
    'meters/m.csv': 'name,address,type\nlevel,hr:0,float32\n',
    'bifrost.yaml':
      'version: 1\ntemplates: [meters/m.yaml]\ndevices: [{ name: a, template: m, parameters: { host: h } }]\n',
  })
  assert.deepEqual(
    config.devices[0]!.tags.map(({ settings }) => settings.name),
    ['level'],
  )
})

test('a parameter that is missing: the device, and the line of the template that asks for it', async (t) => {
  assert.deepEqual(
    await problemsOf(t, {
      'bifrost.yaml': file(
        '- { name: m1, template: meter }\n- { name: m2, template: meter, parameters: { unit: 2 } }\n- { template: meter, instances: m.csv }',
      ),
      'm.csv': 'name,host\nm3,h\nm4,\n',
    }),
    [
      'bifrost.yaml:4:5 devices[0]: the parameter "host" is missing: expected a text (Host name of the meter) (parameter "host" of template "meter", at meter.yaml:5:3)',
      'bifrost.yaml:5:46 devices[1].parameters: the parameter "host" is missing: expected a text (Host name of the meter) (parameter "host" of template "meter", at meter.yaml:5:3)',
      'm.csv:3:1 row 3: the parameter "host" is missing: expected a text (Host name of the meter) (parameter "host" of template "meter", at meter.yaml:5:3)',
    ],
  )
})

test('parameters of the wrong type, out of range and unknown: the very cell', async (t) => {
  assert.deepEqual(
    await problemsOf(t, {
      'bifrost.yaml': file(
        '- { name: m1, template: meter, parameters: { hots: h, host: h, unit: "3", pace: 10ms, words: ABDC } }\n- { template: meter, instances: m.csv }',
      ),
      'm.csv': 'name,host,unit,ration\nm3,h,0,\nm4,h,"1,5",\nm5,[h],301,\nm6,h,2,\n',
    }),
    [
      'bifrost.yaml:4:48 devices[0].parameters.hots: template "meter", at meter.yaml:1:1, has no parameter "hots", did you mean "host"?',
      'bifrost.yaml:4:72 devices[0].parameters.unit: expected a number from 1 to 300, got "3" (parameter "unit" of template "meter", at meter.yaml:7:3), did you mean 3 without quotes?',
      'bifrost.yaml:4:83 devices[0].parameters.pace: expected a duration such as 250ms, 2s or 5m of at least 1s, got "10ms" (parameter "pace" of template "meter", at meter.yaml:8:3)',
      'bifrost.yaml:4:96 devices[0].parameters.words: expected one of ABCD, CDAB, got "ABDC" (parameter "words" of template "meter", at meter.yaml:9:3), did you mean "ABCD"?',
      'm.csv:1:16 header: unknown column "ration", did you mean "ratio"?',
      'm.csv:2:6 row 2, unit: expected a number from 1 to 300, got "0" (parameter "unit" of template "meter", at meter.yaml:7:3)',
      'm.csv:3:7 row 3, unit: expected a number from 1 to 300, got "1,5" (parameter "unit" of template "meter", at meter.yaml:7:3), did you mean "1.5"?',
      'm.csv:4:8 row 4, unit: expected a number from 1 to 300, got "301" (parameter "unit" of template "meter", at meter.yaml:7:3)',
    ],
  )
})

test('a value that the driver refuses: the parameter that gave it, and where the template uses it', async (t) => {
  assert.deepEqual(
    await problemsOf(t, {
      'bifrost.yaml': file(
        '- { name: m1, template: meter, parameters: { host: h, unit: 256 } }\n- { template: meter, instances: m.csv }',
      ),
      'm.csv': 'name,host,unit\nm3,h,1\nm4,h,299\n',
    }),
    [
      'bifrost.yaml:4:63 devices[0].options.unit: expected at most 255, got 256 (options.unit of template "meter", at meter.yaml:12:64)',
      'm.csv:3:6 row 3, unit: expected at most 255, got 299 (options.unit of template "meter", at meter.yaml:12:64)',
    ],
  )
})

test('an address out of range and a type that does not fit stand in the template: told once, with the first device', async (t) => {
  const broken = METER.replace('ir:6, type: float32', 'ir:65536, type: float32').replace('ir:72', 'ir:65535')
  assert.deepEqual(
    await problemsOf(t, {
      'meter.yaml': broken.replace('timeout: 3s', 'timeout: -3s'),
      'bifrost.yaml': file(
        '- { name: m1, template: meter, parameters: { host: h } }\n- { template: meter, instances: m.csv }',
      ),
      'm.csv': 'name,host\nm3,h\nm4,h\nm5,h\n',
    }).then((lines) => lines.map((line) => line.replace(/: address '.*?(?= \()/, ': …'))),
    [
      'meter.yaml:12:115 devices[0].options.timeout: expected a duration such as 250ms, 2s, 5m, 1h or 7d, got "-3s" (for device "m1", at bifrost.yaml:4:5 and 3 more)',
      'meter.yaml:16:34 tags[1].address: … (for device "m1", at bifrost.yaml:4:5 and 3 more)',
      'meter.yaml:17:30 tags[2].address: a float32 at ir:65535 would end at ir:65536, beyond the last address 65535 (for device "m1", at bifrost.yaml:4:5 and 3 more)',
    ],
  )
})
