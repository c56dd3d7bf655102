import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryFolder } from '../testing/peers.ts'
import { readVariable, substitute } from './environment.ts'

const env = { HOST: 'plc', EMPTY: '', LINES: 'a\nb: c' }
const textOf = (text: string) => substitute(text, env).text

test('replaces names, defaults and escaped dollars, and leaves other dollars alone', () => {
  assert.equal(textOf('${HOST}:502'), 'plc:502')
  assert.equal(textOf('${NONE:-10.0.0.5}'), '10.0.0.5')
  assert.equal(textOf('${EMPTY:-x}'), 'x')
  assert.equal(textOf('${EMPTY}'), '')
  assert.equal(textOf('$${HOST} costs $5'), '${HOST} costs $5')
})

test('what is not set is refused, with the message of the file where it gives one', () => {
  assert.throws(() => textOf('${NONE}'), /the environment variable NONE is not set/)
  assert.throws(() => textOf('${NONE:?the PLC of line 2}'), /NONE is not set: the PLC of line 2/)
  assert.throws(() => textOf('${EMPTY:?needed}'), /EMPTY is not set: needed/)
})

test('a value with a line break and a malformed reference are refused', () => {
  assert.throws(() => textOf('${LINES}'), /LINES holds a line break/)
  assert.throws(() => textOf('${HOST'), /is not understood/)
  assert.throws(() => textOf('${1x}'), /is not understood/)
})

test('NAME_FILE stands in for NAME, its last line break dropped', (t) => {
  const file = join(temporaryFolder(t), 'secret')
  writeFileSync(file, 'hunter2\n')
  assert.equal(readVariable('PW', { PW_FILE: file }), 'hunter2')
  assert.equal(readVariable('PW', { PW: 'set', PW_FILE: file }), 'set')
  assert.equal(substitute('${PW}', { PW_FILE: file }).text, 'hunter2')
  assert.throws(() => substitute('${PW}', { PW_FILE: `${file}.none` }), /the file of PW_FILE cannot be read/)
  writeFileSync(file, 'one\ntwo\n')
  assert.throws(() => readVariable('PW', { PW_FILE: file }), /more than one line/)
})
