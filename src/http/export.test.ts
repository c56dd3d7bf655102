/** The export route: the right rows in each format, bounded whatever the range, and ended by a reader that goes. */
import assert from 'node:assert/strict'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { test, type TestContext } from 'node:test'
import { zstdDecompressSync } from 'node:zlib'
import { parquetReadObjects } from 'hyparquet'
import { HAS_VALUE, SampleBatch } from '../core/batch.ts'
import { Status } from '../core/status.ts'
import { startTestGateway } from '../testing/gateway-fixture.ts'
import { createSteeredDevice } from '../testing/steered-driver.ts'
import { eventually } from '../testing/peers.ts'
import { startHttp } from './server.ts'

const DAY = Date.UTC(2026, 10, 22)

async function start(t: TestContext) {
  const { type } = createSteeredDevice()
  const tags = [{ name: 'level', unit: 'm' }, { name: 'a/b, c' }, { name: 'recipe', type: 'string' as const }]
  const gateway = await startTestGateway(t, {
    devices: ['press-1', 'press-2', 'filler'].map((name) => ({ name, type, tags, enabled: false })),
  })
  const http = await startHttp(gateway, { host: '127.0.0.1', port: 0, hosts: [], access: 'open' })
  t.after(() => http.close())
  const id = (device: string, name: string): number => gateway.store.tags.find(device, name)!.id
  const get = async (query: string) => {
    const response = await fetch(`${http.url}/api/v1/export?${query}`)
    return { status: response.status, headers: response.headers, bytes: Buffer.from(await response.arrayBuffer()) }
  }
  return { gateway, http, id, get }
}

/** Returns the number before that of the first row: the devices said before that they are disabled. */
function addDay({ gateway, id }: Awaited<ReturnType<typeof start>>): number {
  const batch = new SampleBatch(100, DAY)
  for (const device of ['press-1', 'press-2', 'filler']) {
    for (let hour = 0; hour < 24; hour++) batch.push(id(device, 'level'), hour / 2, Status.Good, DAY + hour * 3_600_000)
  }
  batch.push(id('press-1', 'recipe'), 'stout, "strong"', Status.Good, DAY + 1)
  batch.push(id('press-1', 'a/b, c'), undefined, Status.BadTimeout, DAY + 2)
  gateway.store.append(batch)
  return batch.seq![0]! - 1
}

test('CSV of a range and of tags by pattern: from is included, to is not', async (t) => {
  const rig = await start(t)
  const before = addDay(rig)
  const to = new Date(DAY + 3 * 3_600_000).toISOString()
  const { status, headers, bytes } = await rig.get(`from=${DAY}&to=${to}&tags=press-*/level`)
  assert.equal(status, 200)
  assert.match(headers.get('content-type')!, /^text\/csv/)
  assert.match(headers.get('content-disposition')!, /bifrost-export\.csv/)
  const log = rig.gateway.store.logId
  const hours = [0, 1, 2].map((hour) => `2026-11-22T0${hour}:00:00.000Z`)
  assert.deepEqual(bytes.toString().split('\n'), [
    'time,device,tag,value,unit,status,log,seq',
    ...hours.map((time, at) => `${time},press-1,level,${at / 2},m,0,${log},${before + at + 1}`),
    ...hours.map((time, at) => `${time},press-2,level,${at / 2},m,0,${log},${before + at + 25}`),
    '',
  ])
  const other = await rig.get(`tags=press-1/recipe&tags=press-1/a*&to=${to}`)
  assert.deepEqual(other.bytes.toString().split('\n').slice(1, 3), [
    `2026-11-22T00:00:00.001Z,press-1,recipe,"stout, ""strong""",,0,${log},${before + 73}`,
    `2026-11-22T00:00:00.002Z,press-1,"a/b, c",,,2148139008,${log},${before + 74}`,
  ])
  assert.equal((await rig.get(`tags=filler,press-2&to=${DAY + 86_400_000}`)).bytes.toString().split('\n').length, 50)
  assert.equal((await rig.get('')).bytes.toString().split('\n').length, 76 + before)
})

test('NDJSON and Parquet say the same', async (t) => {
  const rig = await start(t)
  addDay(rig)
  const lines = (await rig.get('format=ndjson')).bytes.toString().trimEnd().split('\n')
  const { bytes } = await rig.get('format=parquet')
  const compressors = { ZSTD: (input: Uint8Array) => new Uint8Array(zstdDecompressSync(input)) }
  const rows = await parquetReadObjects({ file: new Uint8Array(bytes).buffer, compressors })
  assert.equal(rows.length, lines.length)
  for (const [at, line] of lines.entries()) {
    const { time, device, tag, value, unit, status, log, seq, type } = JSON.parse(line)
    const row = rows[at]!
    const same = [(row.time as Date).toISOString(), row.device, row.tag, row.text ?? row.value, row.unit]
    assert.deepEqual([...same, Number(row.status), row.log, Number(row.seq), row.type], [time, device, tag, value, unit, status, log, seq, type]) // prettier-ignore
  }
})

test('what cannot be exported is refused in words before anything is sent', async (t) => {
  const { get } = await start(t)
  const detail = async (query: string) => {
    const { status, bytes } = await get(query)
    return `${status} ${JSON.parse(bytes.toString()).detail}`
  }
  assert.equal(await detail('tags=press-9/*'), '404 there is no tag that press-9/* means')
  assert.match(await detail('from=2026-01-02&to=2026-01-01'), /^400 query parameter from: it must be before `to`/)
  assert.match(await detail('from=yesterday'), /^400 .*ISO 8601/)
  assert.match(await detail('format=xlsx'), /^400 /)
})

/** A request whose answer is read by hand. */
const ask = (url: string) =>
  new Promise<IncomingMessage>((resolve, reject) => httpRequest(url, resolve).once('error', reject).end())

test('a reader that stops holds the scan, not the gateway; one that goes ends it; a third one waits', async (t) => {
  const { gateway, http, id, get } = await start(t)
  const level = id('filler', 'level')
  const rows = 2000
  for (let i = 0; i < 300; i++) {
    const batch = new SampleBatch(rows, DAY)
    for (let row = 0; row < rows; row++) batch.pushNumber(level, Math.random(), 0, DAY + i * rows + row, HAS_VALUE)
    gateway.store.append(batch)
    if (i % 100 === 0) await gateway.store.flush()
  }
  await gateway.store.flush()
  let handed = 0
  let ended = 0
  const scan = gateway.store.scan.bind(gateway.store)
  gateway.store.scan = async function* (range, signal) {
    try {
      for await (const batch of scan(range, signal)) {
        handed += batch.length
        yield batch
      }
    } finally {
      ended++
    }
  }
  const url = `${http.url}/api/v1/export?format=ndjson`
  const first = await ask(url)
  const second = await ask(url)
  await eventually('both have begun', () => handed > 0)
  let held = -1
  for (let tries = 0; held !== handed && tries < 20; tries++) {
    held = handed
    await new Promise((resolve) => setTimeout(resolve, 300))
  }
  assert.ok(held === handed && held < 400_000, `${held} of 1,200,000 rows were read ahead`)
  const busy = await get('format=csv')
  assert.equal(busy.status, 429)
  assert.equal(busy.headers.get('retry-after'), '5')
  first.destroy()
  await eventually('the scan has ended', () => ended === 1)
  let bytes = 0
  for await (const piece of second) bytes += (piece as Buffer).length
  assert.ok(bytes > 600_000 * 100, `${bytes}`)
  await eventually('both have ended', () => ended === 2)
  assert.equal((await get('format=csv&tags=press-1')).status, 200)
})

test('an export that breaks in the middle is not taken for a whole one', async (t) => {
  const rig = await start(t)
  addDay(rig)
  const scan = rig.gateway.store.scan.bind(rig.gateway.store)
  rig.gateway.store.scan = async function* (range, signal) {
    for (let time = 0; time < 100; time++) yield* scan(range, signal)
    await new Promise((resolve) => setTimeout(resolve, 50))
    throw new Error('EIO')
  }
  await assert.rejects(rig.get('format=ndjson'), /terminated/)
})
