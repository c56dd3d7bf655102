/** Templates on the command line, as a process: what is wrong with them, what becomes of them, and which there are. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

const ROOT = join(import.meta.dirname, '..', '..')
const CASE = join(import.meta.dirname, 'cases', 'templates-wrong')
const EXAMPLE = 'examples/meters-from-template/bifrost.yaml'

function bifrost(args: readonly string[], cwd = ROOT) {
  const env = { ...process.env, NO_COLOR: '1' }
  const { status, stdout, stderr } = spawnSync(join(ROOT, 'bin', 'bifrost'), args, { cwd, env, encoding: 'utf8' })
  return { code: status, out: stdout, err: stderr }
}

test('check: every mistake in and around a template at its line, exit 78', () => {
  const { code, out } = bifrost(['check', '-c', 'bifrost.yaml'], CASE)
  assert.equal(out, readFileSync(join(CASE, 'expected.txt'), 'utf8'))
  assert.equal(code, 78)
  for (const what of [
    /^bifrost\.yaml:4:53 .*the parameter "host" is missing.* at boiler\.yaml:3:3\)$/m, // a parameter that is missing
    /^boiler\.yaml:8:35 tags\[0\]\.address: .*for device "boiler-2", at boilers\.csv:2:1/m, // an address out of range
    /^boiler\.yaml:10:29 tags\[2\]\.address: a float32 at hr:65535/m, // a type that does not fit
    /^boilers\.csv:4:1 .*"boiler-2" exists already, at boilers\.csv:2:1$/m,
  ])
    assert.match(out, what)
})

test('config render prints what the gateway runs, each device with its origin', () => {
  const whole = bifrost(['config', 'render', '-c', EXAMPLE])
  assert.equal(whole.code, 0, whole.err)
  assert.match(whole.out, /# from \S*meters\.csv:3:1, template eastron-sdm630 \(templates\/eastron-sdm630\.yaml\)\n/)
  const one = bifrost(['config', 'render', EXAMPLE, '--device', 'boiler-1'])
  assert.match(one.out, /address: "?'?sine:period=10m,min=1,max=6/)
  const none = bifrost(['config', 'render', EXAMPLE, '--device', 'boiler-2'])
  assert.deepEqual([none.code, none.out], [1, ''])
  assert.match(none.err, /did you mean boiler-1\?/)
  assert.equal(bifrost(['config', 'render', '-c', join(CASE, 'bifrost.yaml')]).code, 78)
})

test('templates lists the library and shows one of it', () => {
  const list = bifrost(['templates'])
  assert.equal(list.code, 0, list.err)
  assert.match(list.out, /^eastron-sdm630 +Eastron SDM630-Modbus, three-phase energy meter$/m)
  const one = bifrost(['templates', 'eastron-sdm630'])
  assert.match(one.out, /^ {2}unit +a number from 1 to 247 +default 1/m)
  assert.match(one.out, /^ {2}frequency +ir:70 +float32 +Hz$/m)
  const { tags, source } = JSON.parse(bifrost(['templates', 'sunspec-inverter', '--json']).out) as {
    tags: { name: string; address: string }[]
    source: { document: string }
  }
  assert.equal(tags.find(({ name }) => name === 'power')?.address, 'sunspec:${param:model}.W')
  assert.match(source.document, /SunSpec/)
  const none = bifrost(['templates', 'eastron-sdm360'])
  assert.match(none.err, /did you mean eastron-sdm630\?/)
  assert.equal(none.code, 1)
})
