/** Discovery over HTTP: nothing by default, only what is allowed, told as it goes, ended with the request, on record. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { systemClock } from '../core/clock.ts'
import { parseNetwork, type Network } from '../core/network.ts'
import { createModbusServer, RegisterBank } from '../protocols/modbus/index.ts'
import { startPlant } from '../testing/people.ts'
import { eventually } from '../testing/peers.ts'

const PATH = '/api/v1/scan'
type Line = Record<string, any> // oxlint-disable-line typescript/no-explicit-any

async function started(t: TestContext, networks: string[]) {
  const discovery = { networks: networks.map((text) => parseNetwork(text) as Network), multicast: false }
  const plant = await startPlant(t, { sketch: { discovery } })
  const anna = await plant.person('anna', 'engineer')
  const ask = (body: object, signal?: AbortSignal) =>
    plant.ask(PATH, anna, { ...plant.body('POST', body), ...(signal === undefined ? {} : { signal }) })
  const record = async () => {
    const { lines } = await plant.gateway.audit.query({ action: 'scan', limit: 10 })
    return lines
      .toReversed()
      .map(({ user, outcome, details }) => `${user} ${outcome}: ${(details as { what: string }).what}`)
  }
  return { plant, anna, ask, record }
}

async function device(t: TestContext, host: string) {
  const bank = new RegisterBank({
    holdingRegisters: [{ address: 0, count: 3 }],
    identification: { 0: 'Acme', 1: 'PX-7' },
  })
  const server = createModbusServer({ clock: systemClock, unit: (id) => (id === 1 ? bank : undefined) })
  const port = await server.listen(0, host)
  t.after(() => server.close())
  return { server, port }
}

const linesOf = (text: string): Line[] => text.trim().split('\n').map((line) => JSON.parse(line) as Line) // prettier-ignore

test('nothing may be scanned by default: the refusal and the page are told which option it is', async (t) => {
  const { plant, anna, ask, record } = await started(t, [])
  const may = await plant.json<Line>(PATH, anna)
  assert.deepEqual([may.allowed, may.multicast, may.running], [[], false, null])
  assert.match(may.help, /discovery: \{ networks: \[/)
  assert.deepEqual(may.drivers.map(({ name }: Line) => name).sort(), ['modbus', 'opcua']) // prettier-ignore
  const refused = await ask({ driver: 'modbus', networks: ['127.0.4.0/30'] })
  assert.equal(refused.status, 403)
  const problem = (await refused.json()) as Line
  assert.equal(problem.code, 'SCAN_FORBIDDEN')
  assert.match(problem.detail, /discovery: \{ networks: \[127\.0\.4\.0\/30\] \}/)
  assert.deepEqual(await record(), [])
})

test('what is found comes as it is found, ready to be added; it is on record; wrong fields are pointed at', async (t) => {
  const { port } = await device(t, '127.0.4.1')
  const { plant, anna, ask, record } = await started(t, ['127.0.4.0/29'])
  const body = { driver: 'modbus', networks: ['127.0.4.0/30'], ports: [port], units: [1], timeout: '300ms' }
  const answer = await ask(body)
  assert.match(answer.headers.get('content-type')!, /^application\/x-ndjson/)
  const lines = linesOf(await answer.text())
  assert.deepEqual([lines[0]!.event, lines[0]!.addresses], ['begun', 2])
  const found = lines.find(({ event }) => event === 'found')!
  assert.deepEqual(found.identity, { vendor: 'Acme', product: 'PX-7' })
  assert.equal(found.device.driver, 'modbus')
  assert.deepEqual(found.device.tags[0], { name: 'hr0', address: 'hr:0', type: 'uint16' })
  const end = lines.at(-1)!
  assert.deepEqual([end.event, end.result, end.found, end.reason], ['end', 'done', 1, null])
  const what = `modbus 127.0.4.0/30, port ${port}, at most 20 new connections a second`
  assert.deepEqual(await record(), [`anna requested: ${what}`, `anna 1 found: ${what}`])
  assert.equal((await plant.json<Line>(PATH, anna)).running, null)

  const { drivers } = await plant.json<Line>('/api/v1/drivers', anna)
  assert.ok(Object.keys(found.device.options).every((key) => key in drivers.find(({ name }: Line) => name === 'modbus').options.properties)) // prettier-ignore
  for (const [wrong, pointer] of [
    [{ ...body, driver: 'simulated' }, '#/driver'],
    [{ ...body, networks: ['no network!'] }, '#/networks'],
    [{ ...body, networks: ['10.0.0.0/8'] }, '#/networks'],
    [{ ...body, rate: 0 }, '#/rate'],
  ] as const) {
    const problem = (await (await ask(wrong)).json()) as Line
    assert.deepEqual([problem.code, problem.errors[0].pointer], ['INVALID_REQUEST', pointer])
  }
  const beside = (await (await ask({ ...body, networks: ['127.0.5.1'] })).json()) as Line
  assert.equal(beside.code, 'SCAN_FORBIDDEN')
})

test('one at a time, and it ends with the request of who asked', async (t) => {
  const { ask, plant, anna, record } = await started(t, ['127.0.4.0/24'])
  const body = { driver: 'modbus', networks: ['127.0.4.0/24'], ports: [1], rate: 5 }
  const stop = new AbortController()
  const first = await ask(body, stop.signal)
  const reader = first.body!.getReader()
  assert.match(Buffer.from((await reader.read()).value ?? []).toString(), /"begun"/)
  const second = await ask(body)
  assert.equal(second.status, 429)
  assert.match(await second.text(), /anna is scanning already/)
  assert.equal((await plant.json<Line>(PATH, anna)).running.by, 'anna')
  stop.abort()
  await eventually('the scan ends', async () => (await plant.json<Line>(PATH, anna)).running === null)
  assert.match((await record()).at(-1)!, /^anna 0 found, interrupted/)
  const short = linesOf(await (await ask({ ...body, atMost: '1s' })).text())
  assert.equal(short.at(-1)!.result, 'interrupted')
})
