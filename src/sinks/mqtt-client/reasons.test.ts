/** What a refused CONNECT tells the person who must do something about it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connectRefusal } from './reasons.ts'

for (const code of [1, 0x84]) {
  test(`a broker that refuses the MQTT version (0x${code.toString(16)}): the option to change, not the user name`, () => {
    const error = connectRefusal('mqtt://127.0.0.1:1883', code, undefined)
    assert.equal(error.code, 'SINK_REFUSED')
    assert.match(error.message, /protocolVersion: 4/)
    assert.doesNotMatch(error.message, /username/)
  })
}

test('a broker that refuses credentials: who we said we are', () => {
  assert.match(connectRefusal('mqtt://b', 5, undefined).message, /no username is configured/)
  assert.match(connectRefusal('mqtt://b', 0x86, 'pump').message, /user "pump"/)
})
