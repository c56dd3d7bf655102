/** What the comparison that nobody asked for tells, and when. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GatewayError, NotConnectedError } from '../core/errors.ts'
import { silentLog, type Log } from '../core/log.ts'
import { Status } from '../core/status.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import type { Compared, ComparedState } from './compare.ts'
import { Drift } from './drift.ts'

const comparedAs = (states: Record<string, ComparedState>): Compared[] =>
  Object.entries(states).map(([name, state]) => {
    return { name, state, settings: undefined, stored: undefined, device: undefined, status: Status.Good }
  })

/** A set that is compared every minute, and what the log says of it. */
function watch(look: () => readonly Compared[] | undefined | Promise<readonly Compared[]>) {
  const clock = new VirtualClock()
  const said: string[] = []
  const times: number[] = []
  const log: Log = {
    ...silentLog,
    info: (_, sentence) => void said.push(`info ${sentence}`),
    warn: (_, sentence) => void said.push(`warn ${sentence}`),
  }
  const compare = async () => {
    times.push(clock.monotonic())
    return look()
  }
  const drift = new Drift({ clock, log, compare })
  drift.configure([{ device: 'drive', set: 'motor', everyMs: 60_000 }])
  return { clock, said, times, drift }
}

test('drift is told once, again when it is another, and when it is over', async () => {
  let now: Record<string, ComparedState> = { a: 'equal', b: 'equal' }
  const { clock, said, times } = watch(() => comparedAs(now))
  await clock.advance(10_000)
  assert.deepEqual([times, said], [[10_000], []], 'soon after the start; nothing to tell')
  now = { a: 'different', b: 'equal' }
  await clock.advance(60_000)
  await clock.advance(60_000)
  now = { a: 'different', b: 'unreadable' }
  await clock.advance(60_000)
  now = { a: 'equal', b: 'equal' }
  await clock.advance(60_000)
  assert.deepEqual(said, [
    'warn 1 parameters of drive/motor are not as they are stored: a (different).',
    'warn 2 parameters of drive/motor are not as they are stored: a (different), b (unreadable).',
    'info The parameters of drive/motor are those that are stored again.',
  ])
  assert.deepEqual(times, [10_000, 70_000, 130_000, 190_000, 250_000])
})

test('a device that is not there is no drift; a version that cannot be used is told once', async () => {
  let error: Error = new NotConnectedError('drive is not connected')
  const { clock, said } = watch(() => Promise.reject(error))
  await clock.advance(70_000)
  assert.deepEqual(said, [])
  error = new GatewayError('CONFLICT', 'version 2 is damaged')
  await clock.advance(180_000)
  assert.deepEqual(said, ['warn The parameters of drive/motor cannot be compared.'])
})

test('nothing is compared after the end, nor what is not configured any more', async () => {
  const { clock, times, drift } = watch(() => comparedAs({}))
  drift.configure([])
  await clock.advance(120_000)
  drift.configure([{ device: 'drive', set: 'motor', everyMs: 1000 }])
  await clock.advance(1500)
  await drift.close()
  await clock.advance(120_000)
  assert.deepEqual([times, clock.pending], [[121_000], 0])
})
