/** Polling under a virtual clock with fake devices, for tests. */
import type { Point } from '../core/driver.ts'
import { silentLog, type Log } from '../core/log.ts'
import { Restarts } from '../core/restarts.ts'
import { statusName } from '../core/status.ts'
import { createPolling, type DeviceSetup, type PollingContext } from '../polling/polling.ts'
import { fakeDriver, type FakeDevice } from './fake-driver.ts'
import { tagSettings } from './tags.ts'
import { VirtualClock } from './virtual-clock.ts'

interface Given {
  name?: string
  line?: string
  inFlight?: number
  tags?: number
  firstTag?: number
  everyMs?: number
  enabled?: boolean
}

/** One device with `tags` points from `firstTag` on. */
export function setupOf(device: FakeDevice, given: Given = {}): DeviceSetup {
  const { name = 'Filler 1', line = name, inFlight = 1, tags = 1, firstTag = 0, everyMs = 1000, enabled = true } = given
  const points: Point<unknown>[] = Array.from({ length: tags }, (_, i) => ({
    tag: firstTag + i,
    address: '',
    settings: tagSettings({ name: `t${firstTag + i}`, everyMs }),
  }))
  return { name, type: fakeDriver, options: { line, device, inFlight }, enabled, points }
}

const dial = () => Promise.reject(new Error('no network in this test'))

/** Polling under a virtual clock, started; `rows` are all rows so far as `tag:status`. */
export const startPolling = (...setups: readonly DeviceSetup[]) => startAccounted(undefined, ...setups)

/** As `startPolling`; `account` keeps the figures of the devices. */
export function startAccounted(account: PollingContext['account'], ...setups: readonly DeviceSetup[]) {
  const clock = new VirtualClock()
  const lines: string[] = []
  const write = (_fields: object, sentence: string) => lines.push(sentence)
  const log: Log = { ...silentLog, info: write, warn: write, error: write, child: () => log }
  const restarts = new Restarts()
  const polling = createPolling(setups, { clock, log, dial, account, random: () => 0.5, restarts })
  const rows: string[] = []
  polling.start((batch) => {
    for (const { tag, status } of batch) rows.push(`${tag}:${statusName(status)}`)
  })
  const take = () => rows.splice(0)
  return { clock, polling, restarts, lines, rows, take, session: polling.devices[0]! }
}

/** A signal that is never aborted. */
export const never = () => new AbortController().signal
