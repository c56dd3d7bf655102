/** What a function code counts as: the same for whoever configured what. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { exceptionOf } from '../../../testing/modbus-strangers.ts'
import { startProxy } from '../../../testing/proxy-rig.ts'
import { isWriteFunction, kindOfRequest } from './function-rules.ts'

test('each function code is a read, a write, or never let through', () => {
  const codes = Array.from({ length: 256 }, (_, code) => code)
  const of = (kind: string) => codes.filter((code) => kindOfRequest(Uint8Array.of(code, 14)) === kind)
  assert.deepEqual(of('read'), [1, 2, 3, 4, 7, 11, 12, 17, 20, 24, 43])
  assert.deepEqual(of('never'), [0, 8, ...codes.slice(128)])
  assert.deepEqual(codes.filter(isWriteFunction), of('write'))
  assert.equal(kindOfRequest(Uint8Array.of(43, 13)), 'never')
})

test('diagnostics never pass, not even for writers where the configuration were to allow them', async (t) => {
  const played = await startProxy(t, { settings: { functions: [3, 8], writers: ['127.0.0.1'] } })
  const client = await played.connect()
  assert.equal(await exceptionOf(client.request(1, Uint8Array.of(8, 0, 4, 0, 0))), 1)
  assert.deepEqual(played.sent, [])
  assert.match(played.actions[0]!.outcome, /diagnostics .* never pass/)
})
