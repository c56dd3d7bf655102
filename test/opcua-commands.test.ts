/** Writes and method calls from the outside, by API and command line: what is said of them, and that none is sent twice. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bifrost, startGatewayProcess } from '../src/testing/gateway-process.ts'
import { needsAsyncua, PLANT, startAsyncuaServer } from '../src/testing/asyncua.ts'
import { startFaultyServer } from '../src/testing/opcua-faulty-server.ts'
import { startOpcuaRig } from '../src/testing/opcua-rig.ts'
import { eventually } from '../src/testing/peers.ts'

const P = `nsu=${PLANT};s=`

test('methods are called and values written by API and command line', { skip: needsAsyncua() }, async (t) => {
  const server = await startAsyncuaServer(t)
  const tags = [
    `{ name: add, address: 'call ${P}Methods / ${P}Methods/Add', type: string, writable: true }`,
    `{ name: level, address: '${P}Writable/Double', type: float64, writable: true }`,
    `{ name: fixed, address: '${P}ReadOnly', type: int32, writable: true }`,
  ]
  const gateway = await startGatewayProcess(t, { yaml: `devices:\n  - name: ua\n    driver: opcua\n    options: { endpoint: '${server.url}', securityPolicy: None }\n    tags:\n${tags.map((tag) => `      - ${tag}`).join('\n')}\n` }) // prettier-ignore
  await eventually('it is connected', async () => (await gateway.values()).find(({ tag }) => tag === 'level')?.status.name === 'Good') // prettier-ignore
  const put = async (tag: string, value: unknown) => {
    const response = await fetch(`${gateway.url}/api/v1/values/ua/${tag}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ value }),
    })
    return { status: response.status, body: (await response.json()) as Record<string, unknown> }
  }
  const called = await put('add', '[1.5, -2]')
  assert.deepEqual([called.status, called.body.remark], [200, 'It returned [-0.5].'], JSON.stringify(called.body))
  const short = await put('add', '[1]')
  assert.equal(short.body.code, 'WRITE_FAILED', JSON.stringify(short.body))
  assert.match(JSON.stringify(short.body), /takes 2 arguments \(a, b\), got 1/)
  const level = await put('level', -12.5)
  assert.deepEqual([level.status, level.body.readBack], [200, -12.5])
  const fixed = await put('fixed', 1)
  assert.match(JSON.stringify(fixed.body), /BadNotWritable/)
  const cli = await bifrost('write', 'ua/add', '[2, 3]', '--url', gateway.url)
  assert.equal(cli.code, 0, cli.err)
  assert.match(cli.out + cli.err, /It returned \[5\]/)
  const refused = await bifrost('write', 'ua/add', '[2, "x"]', '--url', gateway.url)
  assert.notEqual(refused.code, 0)
  assert.match(refused.err, /Argument b is of another type than "x"/)
  assert.equal(server.told.filter(({ event }) => event === 'called').length, 2)
})

test('a write under way when the connection breaks is unknown, is told so, and is never sent again', async (t) => {
  const server = await startFaultyServer(t, { intervalMs: 100 })
  const tags = [
    { name: 'level', address: `${P}Writable/Double`, writable: true },
    { name: 'c', address: `${P}Counters/0` },
  ]
  const rig = await startOpcuaRig(t, server.url, tags)
  await rig.see('c', 'a value', ({ status }) => status === 0)
  const write = (value: number) => rig.gateway.commands.write({ device: 'ua', tag: 'level', value, user: 'ada', from: 'test' }) // prettier-ignore
  await write(1)
  await server.ask('asked', { reset: true })
  await server.ask('fault', { service: 'Write', close: true, times: 1 })
  await assert.rejects(write(2), { code: 'WRITE_UNKNOWN' })
  rig.forget()
  await rig.see('c', 'it is connected again', ({ status }) => status === 0)
  await server.ask('fault', { service: 'Write', silent: true, times: 1 })
  await assert.rejects(write(3), { code: 'WRITE_UNKNOWN' })
  await write(4)
  assert.equal((await server.ask<Record<string, number>>('asked')).Write, 3)
  // Before it is sent: what has to be asked first is not answered, so nothing was written.
  await server.ask('restart', { downMs: 0 })
  rig.forget()
  await rig.see('c', 'it is connected again', ({ status }) => status === 0)
  await server.ask('asked', { reset: true })
  await server.ask('fault', { service: 'Read', silent: true, times: 1 })
  await assert.rejects(write(5), { code: 'WRITE_FAILED' })
  assert.equal((await server.ask<Record<string, number>>('asked')).Write ?? 0, 0)
})
