/** Of the Modbus codec, which reads what strangers send, at least 95 % of the branches are run by its own tests. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { test } from 'node:test'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const MODBUS = 'src/protocols/modbus'
const CODEC = [`${MODBUS}/pdu/*.ts`, `${MODBUS}/{tcp,rtu,ascii,pdu-length}.ts`, 'src/wire/framer.ts']
const TESTS = [
  `${MODBUS}/pdu/*.test.ts`,
  `${MODBUS}/{line-frames,server,server-line,bank-answer}.test.ts`,
  'src/wire/framer.test.ts',
]

test('branch coverage of the codec', () => {
  const { NODE_TEST_CONTEXT: _ours, ...env } = process.env
  const included = CODEC.map((files) => `--test-coverage-include=${files}`)
  const args = ['--test', '--experimental-test-coverage', ...included, '--test-coverage-branches=95', ...TESTS]
  const { status, stdout } = spawnSync(process.execPath, args, { cwd: ROOT, env, encoding: 'utf8' })
  assert.match(stdout, /all files/)
  assert.equal(status, 0, stdout.slice(stdout.indexOf('start of coverage')))
})
