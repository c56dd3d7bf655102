/** Commands over a device that does what a test says, for tests of what becomes of writes. */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { createCommands, type WriteRequest } from '../commands/commands.ts'
import type { CommandDevice } from '../commands/perform.ts'
import { SampleBatch } from '../core/batch.ts'
import type { WriteItem } from '../core/driver.ts'
import { GatewayError, type ErrorCode } from '../core/errors.ts'
import { silentLog } from '../core/log.ts'
import { Status, type StatusCode } from '../core/status.ts'
import type { TagSettings } from '../core/tags.ts'
import type { Value } from '../core/value.ts'
import { MemoryAudit } from './audit-lines.ts'
import { tagTable } from './tags.ts'
import { VirtualClock } from './virtual-clock.ts'

/** A device that holds what was written to it last, whatever the point. */
class HoldingDevice implements CommandDevice {
  readonly points
  held: Value = 0
  written: Value[] = []
  status: StatusCode = Status.Good
  readStatus: StatusCode = Status.Good
  /** Writes that arrived, sent or not. */
  asked = 0
  /** As drivers do: false where the command never came to its turn. */
  begins = true
  /** What the driver says of newer writes of the same tag. */
  onlyNewest = false
  remark: string | undefined
  /** Holds writes up until it resolves, as a line that is busy. */
  turn: Promise<void> = Promise.resolve()
  /** What the device makes of a write. */
  keep: (value: Value) => Value = (value) => value

  constructor(settings: readonly TagSettings[]) {
    this.points = settings.map((each, tag) => ({ tag, address: undefined, settings: each }))
  }

  async write(items: readonly WriteItem<unknown>[]): Promise<StatusCode[]> {
    this.asked++
    await this.turn
    const watch = items[0]!.watch!
    if (this.begins && !watch.begin(this.onlyNewest)) return [Status.BadRequestNotComplete]
    if (!this.begins) return [this.status]
    if (this.remark !== undefined) watch.remark(this.remark)
    this.written.push(items[0]!.value)
    if (this.status === Status.Good) this.held = this.keep(items[0]!.value)
    return [this.status]
  }

  async readNow(): Promise<SampleBatch> {
    const batch = new SampleBatch(1, 7)
    batch.push(0, this.readStatus === Status.Good ? this.held : undefined, this.readStatus)
    return batch
  }
}

/** Commands over one such device, with an audit of the test's own. */
export function commandsOf(
  t: TestContext,
  settings: Partial<TagSettings>,
  names: readonly string[] = ['level'],
  /** Of the first tag alone. */ first: Partial<TagSettings> = {},
) {
  const tags = tagTable(...names.map((name, at) => ({ name, writable: true, ...settings, ...(at === 0 ? first : {}) })))
  const device = new HoldingDevice(names.map((_, id) => tags.get(id)!.settings))
  const emitted: SampleBatch[] = []
  const disk = new MemoryAudit()
  const clock = new VirtualClock()
  /** What is known of each tag, by its id; 3, good and fresh where a test says nothing. */
  const values = new Map<number, { value?: Value | undefined; status?: StatusCode; receivedAt?: number }>()
  const latest = {
    get: (id: number) => ({
      value: 3 as Value | undefined,
      status: 0,
      time: 1,
      receivedAt: clock.now(),
      seq: 1,
      ...values.get(id),
    }),
  }
  /** Throws where a test says that all writes are locked. */
  const lock = { isLocked: false, assertOpen() { if (lock.isLocked) throw new GatewayError('WRITE_LOCKED', 'All writes are locked.') } } // prettier-ignore
  const commands = createCommands({
    store: { tags, latest },
    polling: { device: (name) => (name === 'press' ? device : undefined) },
    clock,
    log: silentLog,
    audit: disk,
    lock,
    emit: (batch) => emitted.push(batch),
  })
  t.after(() => commands.close())
  return {
    commands,
    tags,
    clock,
    device,
    disk,
    lock,
    values,
    emitted,
    write: (value: unknown, more: Partial<WriteRequest> = {}) =>
      commands.write({ device: 'press', tag: 'level', value, user: 'ada', from: 'cli', reason: 'test', ...more }),
    /** Each event with its details. */
    audit: () => disk.events.map(({ details, ...event }): Record<string, unknown> => ({ ...event, ...details })),
  }
}

/** For `assert.rejects`: this code, and a message like this. */
export const withCode = (code: ErrorCode, message?: RegExp) => (error: unknown) => {
  assert.ok(error instanceof GatewayError, String(error))
  assert.equal(error.code, code)
  if (message !== undefined) assert.match(error.message, message)
  return true
}
