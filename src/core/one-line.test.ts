/** Text from a device that would be more than text. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { oneLine } from './one-line.ts'

test('control characters are shown, not obeyed; everything that is text stays as it is', () => {
  assert.equal(oneLine('a\n- name: b\r\t\u001b[2J\u0085\u2028\u202e'), String.raw`a\u000a- name: b\u000d\u0009\u001b[2J\u0085\u2028\u202e`) // prettier-ignore
  for (const text of ['', 'Größe 5 µm', '温度', 'a\\u000ab', '🌡 °C']) assert.equal(oneLine(text), text)
})
