/** What a hostile or careless hand can put into a configuration: it gets a sentence, soon, and no secret comes back out. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { drivers } from '../drivers/index.ts'
import { sinks } from '../sinks/index.ts'
import { temporaryFolder } from '../testing/peers.ts'
import { loadConfig } from './load.ts'
import { ConfigError, formatProblem } from './problem.ts'

/** Everything that is said about this file, problems and warnings, a line each; empty when it is valid. */
async function said(t: TestContext, text: string | Buffer, env: Record<string, string> = {}): Promise<string> {
  const file = join(temporaryFolder(t), 'bifrost.yaml')
  writeFileSync(file, text)
  const all = await loadConfig(file, { drivers, sinks, env }).then(
    ({ warnings }) => warnings,
    (error: unknown) => {
      assert.ok(error instanceof ConfigError, String(error))
      return [...error.problems, ...error.warnings]
    },
  )
  return all.map((one) => formatProblem({ ...one, file: 'bifrost.yaml' })).join('\n')
}

test('keys that every object of JavaScript has are unknown keys like any other', async (t) => {
  const lines = await said(
    t,
    'version: 1\n__proto__: { x: 1 }\nconstructor: 1\ntoString: 2\ndevices: [{ name: a, driver: modbus, options: { host: h, valueOf: 1 }, hasOwnProperty: 3 }]\n',
  )
  for (const key of ['__proto__', 'constructor', 'toString', 'valueOf', 'hasOwnProperty'])
    assert.match(lines, new RegExp(`unknown key "${key}"`))
})

test('a secret in plain text is never repeated, whatever is wrong with it', async (t) => {
  const options = [
    'url: "mqttx://user:hunter2@h", topic: "a/{tag}"',
    'url: "mqtt://user:hunter2@h:99999", topic: "b/{tag}"',
    'url: "mqtt://h", topic: "c/{tag}", password: hunter2',
    'url: "mqtt://h", topic: "d/{tag}", username: u, password: [hunter2]',
    'url: "mqtt://h", topic: "e/{tag}", username: u, password: 47114711',
    `url: "mqttx://user:hunter2${'x'.repeat(80)}@h", topic: "g/{tag}"`,
    'url: "mqttx://user:p@hunter2/hunter2@h", topic: "h/{tag}"',
    'url: "mqtt://user:${PW}@h:99999", topic: "f/{tag}"',
  ]
  const list = options.map((text, at) => `  - { name: s${at}, sink: mqtt, options: { ${text} } }\n`).join('')
  const whole = '  - { name: t, sink: mqtt, options: "mqtt://user:hunter2@h" }\n  - "mqtt://user:hunter2@h"\n'
  const lines = await said(t, `version: 1\nsinks:\n${list}${whole}`, { PW: 'hunter2' })
  assert.match(lines, /sinks\[0\]\.options\.url: .*mqttx/, 'the rest of the address is still shown')
  assert.match(lines, /sinks\[4\]\.options\.password: expected a text, got a number/)
  assert.doesNotMatch(lines, /hunter2|47114711/)
})

test('words that every object of JavaScript has are no truth values, types or orders', async (t) => {
  const tag = '{ name: a, address: hr:0, type: constructor, writable: constructor, clamp: toString }'
  const lines = await said(
    t,
    `version: 1\ndevices: [{ name: d, driver: modbus, options: { host: h }, tags: [${tag}] }]\n`,
  )
  assert.match(lines, /type: unknown type "constructor"/)
  assert.match(lines, /writable: expected true or false, got "constructor"/)
  assert.match(lines, /clamp: expected true or false/)
})

test('three thousand devices that merge one anchor are read as fast as if each were written out', async (t) => {
  const devices = Array.from(
    { length: 3000 },
    (_, at) => `  - { <<: *meter, name: d${at}, options: { <<: *line, unit: ${(at % 247) + 1} } }\n`,
  )
  const first = '  - &meter { name: first, driver: modbus, options: &line { host: h, unit: 1 } }\n'
  const started = performance.now()
  assert.equal(await said(t, `version: 1\ndevices:\n${first}${devices.join('')}`), '')
  // Linear work takes about 0.3 s here, a search of the document for each alias 40 s.
  assert.ok(performance.now() - started < 8000)
})

test('an anchor that is named again holds from there on', async (t) => {
  const lines = await said(
    t,
    'version: 1\nlog: { level: &x info }\ndata: *x\nhttp: { enabled: &x maybe }\nstore: { syncEvery: *x }\n',
  )
  assert.match(lines, /store\.syncEvery: .*"maybe"/)
  assert.doesNotMatch(lines, /"info"/)
  assert.match(await said(t, 'version: 1\ndata: *later\nlog: { level: &later info }\n'), /2:7 data: .*no anchor/)
})

test('structures that share or contain themselves, and very deep ones, end soon with a sentence', async (t) => {
  const letters = 'abcdefghijklm'.split('')
  const laughs = letters.slice(1).map((name, at) => `${name}: &${name} [${`*${letters[at]},`.repeat(10)}]\n`)
  assert.match(
    await said(t, `version: 1\na: &a [x, x]\n${laughs.join('')}devices: *m\n`),
    /devices\[9\]: expected a map/,
  )
  assert.match(await said(t, 'version: 1\ndevices: &d [*d]\n'), /refers to what it is a part of/)
  assert.match(await said(t, `version: 1\ndevices: ${'['.repeat(50_000)}\n`), /not YAML: nested too deeply/)
})

test('a file that is not UTF-8, or is several documents, is told so', async (t) => {
  const latin = Buffer.from('version: 1\ndata: "\xe4"\n', 'latin1')
  assert.match(await said(t, latin), /bifrost\.yaml:2:1: .*not UTF-8/)
  assert.match(await said(t, Buffer.from('\ufeffversion: 1\n', 'utf16le')), /not UTF-8/)
  assert.match(await said(t, 'version: 1\n---\nversion: 1\n'), /bifrost\.yaml:2:1: .*one document/)
})

test('a number in quotes is told to lose them', async (t) => {
  assert.match(await said(t, 'version: "1"\n'), /version: expected 1, got "1", did you mean 1 without quotes\?/)
})
