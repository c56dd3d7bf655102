import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withCode } from '../../testing/command-rig.ts'
import { VirtualClock } from '../../testing/virtual-clock.ts'
import { createLogger } from '../log.ts'
import { LogRing, type LogFilter } from './log-ring.ts'
import { keepLog } from './logbook.ts'

function start(level: 'debug' | 'info' | 'warn' | 'error' = 'info') {
  const lines: string[] = []
  const clock = new VirtualClock()
  const inner = createLogger({ level, format: 'json', destination: { write: (line) => lines.push(line) } })
  return { ...keepLog(inner, level, clock), clock, lines }
}

const messages = async (ring: LogRing, filter: LogFilter = {}) =>
  (await ring.newest(filter, 100)).records.map(({ message }) => message)

test('what is said is kept with its component and device, and goes where it always goes', async () => {
  const { log, records, lines } = start()
  log.child({ component: 'polling' }).child({ device: 'press-1' }).warn({ code: 7 }, 'It is away.')
  log.error({ logger: 'http', error: new Error('no') }, 'It failed.')
  log.debug({}, 'Nobody asked.')
  const [failed, away, ...more] = (await records.newest({}, 10)).records
  assert.deepEqual(more, [])
  assert.deepEqual([away!.n, away!.level, away!.component, away!.device], [1, 'warn', 'polling', 'press-1'])
  assert.deepEqual(JSON.parse(away!.fieldsText), { 'bifrost.code': '7' })
  assert.deepEqual([failed!.component, JSON.parse(failed!.fieldsText)['error.message']], ['http', 'no'])
  assert.equal(lines.length, 2)
})

test('no secret is kept, wherever it stands', async () => {
  const { log, records } = start()
  const secret = 'correct-horse'
  const error = Object.assign(new Error(`mqtt://user:${secret}@broker refused`), { code: 'X' })
  log
    .child({ details: { password: secret } })
    .warn(
      { details: { token: secret, options: { auth: { apiKey: secret } } }, url: `https://user:${secret}@host/`, error },
      `Could not reach mqtt://user:${secret}@broker.`,
    )
  const kept = JSON.stringify((await records.newest({}, 10)).records)
  assert.match(kept, /Could not reach/)
  assert.equal(kept.includes(secret), false, kept)
})

test('the ring is bounded by lines and by bytes, whatever is said, and numbers go on', async () => {
  const ring = new LogRing({ lines: 10, bytes: 8000 })
  for (let n = 1; n <= 25; n++) ring.add(n, 'info', {}, `line ${n}`)
  assert.deepEqual([ring.oldest, ring.next], [16, 26])
  assert.deepEqual((await messages(ring)).at(-1), 'line 16')
  ring.add(26, 'info', {}, 'x'.repeat(3000))
  assert.ok(ring.bytes <= 8000)
  for (let n = 27; n <= 40; n++) ring.add(n, 'info', { text: 'y'.repeat(100_000) }, 'z'.repeat(100_000))
  assert.ok(ring.bytes <= 8000 || ring.next - ring.oldest === 1)
  const [last] = (await ring.newest({}, 1)).records
  assert.equal(last!.message.length, 4096)
  assert.match(last!.fieldsText, /too long to be kept/)
  for (let n = 41; n <= 80; n++) ring.add(n, 'info', {}, 'short')
  assert.deepEqual([ring.next - ring.oldest, [...ring.oldestFirst({})].length], [10, 10])
  const [newest] = (await ring.newest({}, 1)).records
  assert.equal(ring.bytes, 10 * (200 + 2 * ('short'.length + newest!.fieldsText.length)))
})

test('records are found by level, device, text and number, newest first, page by page', async () => {
  const { log, records } = start('debug')
  for (const device of ['a', 'b']) {
    log.child({ component: 'polling', device }).debug({}, `${device} debug`)
    log.child({ component: 'polling', device }).warn({ host: 'Filler.Example' }, `${device} warn`)
  }
  log.info({}, 'whole')
  assert.deepEqual(await messages(records, { level: 'info' }), ['whole', 'b warn', 'a warn'])
  assert.deepEqual(await messages(records, { device: 'a' }), ['a warn', 'a debug'])
  assert.deepEqual(await messages(records, { q: 'filler.EXAMPLE' }), ['b warn', 'a warn'])
  assert.deepEqual(await messages(records, { after: 3 }), ['whole', 'b warn'])
  assert.deepEqual(await messages(records, { sight: (device) => device === 'b' }), ['b warn', 'b debug'])
  const first = await records.newest({ component: 'polling' }, 3)
  const second = await records.newest({ component: 'polling' }, 3, first.next!)
  assert.deepEqual(
    [...first.records, ...second.records].map(({ n }) => n),
    [4, 3, 2, 1],
  )
  assert.equal(second.next, null)
})

test('one device may say more for a while, and nothing else does; then it is as configured, by itself', async () => {
  const { log, records, levels, clock, lines } = start('warn')
  const polling = log.child({ component: 'polling' })
  const press = polling.child({ device: 'press-1' })
  levels.set({ level: 'debug', device: 'press-1', durationMs: 60_000, by: 'anna' })
  press.debug({}, 'press')
  polling.child({ device: 'oven' }).debug({}, 'oven')
  log.info({}, 'whole')
  assert.deepEqual(await messages(records), ['press'])
  assert.equal(lines.length, 1, 'it is also where the log goes')
  await clock.advance(59_999)
  press.debug({}, 'still')
  await clock.advance(1)
  press.debug({}, 'too late')
  press.info({}, 'too late')
  assert.deepEqual(await messages(records), ['still', 'press'])
  assert.deepEqual(levels.forAWhile, [])
})

test('the narrowest level holds, a second order takes the place of the first, and an early end is one', async () => {
  const { log, records, levels, clock } = start('info')
  levels.set({ level: 'error', durationMs: 1000, by: 'anna' })
  levels.set({ level: 'debug', component: 'polling', durationMs: 1000, by: 'anna' })
  levels.set({ level: 'warn', device: 'press-1', durationMs: 1000, by: 'anna' })
  const say = (fields: object, name: string) => {
    log.child(fields).debug({}, `${name} debug`)
    log.child(fields).warn({}, `${name} warn`)
  }
  say({}, 'whole')
  say({ component: 'polling' }, 'part')
  say({ component: 'polling', device: 'press-1' }, 'press')
  assert.deepEqual(await messages(records), ['press warn', 'part warn', 'part debug'])
  levels.set({ level: 'warn', device: 'press-1', durationMs: 500_000, by: 'otto' })
  await clock.advance(1000)
  assert.deepEqual(
    levels.forAWhile.map(({ device, by }) => [device, by]),
    [['press-1', 'otto']],
  )
  assert.equal(levels.revert({ device: 'press-1' }).length, 1)
  assert.deepEqual([levels.forAWhile.length, levels.whole, levels.least], [0, 'info', 'info'])
  levels.configure('error')
  log.warn({}, 'not any more')
  assert.equal((await messages(records))[0]!.endsWith('has ended: info again.'), true)
})

test('levels for a while are bounded', () => {
  const { levels } = start()
  for (let n = 0; n < 50; n++) levels.set({ level: 'debug', device: `d${n}`, durationMs: 1000, by: 'anna' })
  assert.throws(() => levels.set({ level: 'debug', durationMs: 1000, by: 'anna' }), withCode('CONFLICT'))
  levels.set({ level: 'info', device: 'd7', durationMs: 1000, by: 'anna' })
})
