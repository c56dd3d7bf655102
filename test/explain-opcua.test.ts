/** Explain a tag of an OPC UA server that others wrote: subscription and monitored item, values that hold still, and tags that are read. */
/* oxlint-disable typescript/no-explicit-any -- answers are looked at as whoever scripts them does, without their types */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { needsAsyncua, PLANT, startAsyncuaServer } from '../src/testing/asyncua.ts'
import { startOpcuaRig } from '../src/testing/opcua-rig.ts'
import { eventually } from '../src/testing/peers.ts'
import { startHttp } from '../src/http/server.ts'

const skip = needsAsyncua()
const ADDRESS = `nsu=${PLANT};s=Writable/Double`

test('a subscribed tag names its subscription; what holds still is no fault, and says so', { skip }, async (t) => {
  const server = await startAsyncuaServer(t)
  await server.ask('set', { node: 'Writable/Double', value: 21.5, type: 'Double' })
  const rig = await startOpcuaRig(t, server.url, [{ name: 'watched', address: ADDRESS }])
  await rig.see('watched', 'the first value', ({ value }) => value === 21.5)
  const http = await startHttp(rig.gateway, { host: '127.0.0.1', port: 0, hosts: [], access: 'open' })
  t.after(() => http.close())
  const explain = async (query: string) => (await (await fetch(`${http.url}/api/v1/explain/ua/${query}`)).json()) as any
  const still = await explain('watched?wait=300')
  assert.equal(still.fate, 'none')
  assert.match(still.reason, /^Nothing was published within .*the server reports changes only/)
  assert.equal(still.store.value, 21.5)
  const { kind, source, exchange } = still.wire
  assert.deepEqual([kind, exchange, source.service], ['subscribed', null, 'Publish'])
  assert.ok(source.subscription > 0 && source['monitored item'] > 0)
  assert.match(source.node, /s=Writable\/Double/)
  assert.equal(source['reported status'], 'Good')
  const waiting = explain('watched?wait=10s')
  await eventually('it waits', () => rig.gateway.probes.size === 1)
  await server.ask('set', { node: 'Writable/Double', value: 22.5, type: 'Double' })
  const changed = await waiting
  assert.deepEqual([changed.fate, changed.raw.value, changed.store.value], ['stored', 22.5, 22.5])
  const raw = (await (await fetch(`${http.url}/api/v1/raw/ua/watched`)).json()) as any
  assert.match(raw.reason, /hands on values, not frames/)
})
