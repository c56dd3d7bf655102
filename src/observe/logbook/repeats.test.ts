import assert from 'node:assert/strict'
import { test } from 'node:test'
import { VirtualClock } from '../../testing/virtual-clock.ts'
import { createRecordingLog } from '../../testing/recording-log.ts'
import { keepLog } from './logbook.ts'

function start() {
  const clock = new VirtualClock()
  const inner = createRecordingLog()
  return {
    ...keepLog(inner, 'info', clock),
    clock,
    said: inner.said,
    text: () => inner.said.map(({ sentence }) => sentence),
  }
}

test('the first is said at once, what repeats once a minute, with how often it came', async () => {
  const { log, clock, text, said, counts } = start()
  for (let n = 0; n < 5; n++) log.warn({ component: 'polling', device: 'a' }, 'No answer.')
  assert.deepEqual(text(), ['No answer.'])
  await clock.advance(60_000)
  assert.deepEqual(text(), ['No answer.', 'No answer (4 more times within a minute).'])
  assert.equal((said[1]!.fields as { repeats: number }).repeats, 4)
  log.warn({ component: 'polling', device: 'a' }, 'No answer.')
  await clock.advance(60_000)
  assert.equal(text()[2], 'No answer (once more within a minute).')
  await clock.advance(120_000)
  log.warn({ component: 'polling', device: 'a' }, 'No answer.')
  assert.equal(text()[3], 'No answer.', 'after a quiet minute it is news again')
  assert.equal(counts.all.get('polling')!.warn, 7, 'each is counted')
})

test('another device, level, code, error or sentence is another line and never waits', () => {
  const { log, text } = start()
  const all = [
    () => log.warn({ device: 'a' }, 'x'),
    () => log.warn({ device: 'b' }, 'x'),
    () => log.error({ device: 'a' }, 'x'),
    () => log.warn({ device: 'a', code: 'TIMEOUT' }, 'x'),
    () => log.warn({ device: 'a', error: new Error('one') }, 'x'),
    () => log.warn({ device: 'a', error: new Error('two') }, 'x'),
    () => log.warn({ device: 'a', error: new TypeError('two') }, 'x'),
    () => log.warn({ device: 'a', error: Object.assign(new Error('two'), { code: 'EIO' }) }, 'x'),
    () => log.warn({ device: 'a', error: { kind: 'one' } }, 'x'),
    () => log.warn({ device: 'a', error: { kind: 'two' } }, 'x'),
    () => log.warn({ device: 'a', error: Object.create(null) as object }, 'x'),
    () => log.warn({ device: 'a' }, 'y'),
    // Which alert it was that did not get through, to whom and why is in the fields alone.
    () => log.warn({ receiver: 'shift', alert: 'DataLoss' }, 'It could not be sent.'),
    () => log.warn({ receiver: 'shift', alert: 'DiskFull' }, 'It could not be sent.'),
    () => log.warn({ receiver: 'office', alert: 'DiskFull' }, 'It could not be sent.'),
    () => log.warn({ sink: 'plant', reason: 'one' }, 'It ended early.'),
    () => log.warn({ sink: 'plant', reason: 'two' }, 'It ended early.'),
  ]
  for (const say of [...all, ...all]) say()
  assert.equal(text().length, all.length)
  for (const id of ['1', '1', '2']) log.info({ 'trace.id': id }, 'of a request')
  assert.equal(text().length, all.length + 3, 'what belongs to a request is said each time')
  for (const samples of [1, 2, 3]) log.warn({ samples, durationMs: samples }, 'figures')
  assert.equal(text().length, all.length + 4, 'figures alone are no other line')
})

test('ten thousand different lines are all said, and what is owed is said at the end', () => {
  const { log, text, close } = start()
  for (let n = 0; n < 10_000; n++) log.warn({ component: 'x' }, `line ${n}`)
  assert.equal(text().length, 10_000)
  log.warn({ component: 'x' }, 'line 1')
  log.warn({ component: 'x' }, 'line 1')
  close()
  assert.equal(text().at(-1), 'line 1 (2 more times within a minute).')
})

test('components have levels of their own, as configured; what is asked for for a while goes before', async () => {
  const { log, levels, configure, clock, text } = start()
  await configure({ level: 'warn', levels: { modbus: 'debug', http: 'error' } })
  const say = (component: string) => {
    for (const level of ['debug', 'warn', 'error'] as const)
      log.child({ component })[level]({}, `${component} ${level}`)
  }
  for (const component of ['modbus', 'http', 'sink']) say(component)
  assert.deepEqual(text(), ['modbus debug', 'modbus warn', 'modbus error', 'http error', 'sink warn', 'sink error'])
  levels.set({ level: 'error', component: 'modbus', durationMs: 1000, by: 'anna' })
  log.child({ component: 'modbus' }).debug({}, 'quiet')
  await clock.advance(1000)
  log.child({ component: 'modbus' }).debug({}, 'loud again')
  assert.deepEqual(text().slice(6), [
    'The level error of component modbus, which anna asked for, has ended: debug again.',
    'loud again',
  ])
  assert.deepEqual(levels.components, { modbus: 'debug', http: 'error' })
})

test('error patterns are counted by name, their own and those that are always there, and the line names them', async () => {
  const { log, patterns, configure, said } = start()
  assert.equal(patterns.counts.get('disk-error'), 0)
  log.error({ error: Object.assign(new Error('x'), { code: 'ENOSPC' }) }, 'It cannot be written.')
  log.info({}, 'The certificate is fine.')
  assert.deepEqual([patterns.counts.get('disk-error'), patterns.counts.get('certificate')], [1, 0])
  assert.deepEqual((said[0]!.fields as { pattern: string[] }).pattern, ['disk-error'])
  await configure({ level: 'info', patterns: [{ name: 'drive', match: '^drive [0-9]+ (fault|alarm)', level: 'info' }, { name: 'certificate', match: 'never', level: 'warn' }] }) // prettier-ignore
  log.info({}, 'Drive 17 FAULT')
  log.warn({}, 'certificate')
  assert.deepEqual([patterns.counts.get('drive'), patterns.counts.get('certificate'), patterns.counts.get('disk-error')], [1, 0, 1]) // prettier-ignore
  // What would take V8 for ever takes this engine no time.
  await configure({ level: 'info', patterns: [{ name: 'evil', match: '(a+)+$', level: 'info' }] })
  const began = performance.now()
  log.info({}, `${'a'.repeat(5000)}!`)
  assert.ok(performance.now() - began < 1000)
})
