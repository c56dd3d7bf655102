/** Commands over a device that does what a test says, for tests of what becomes of writes. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { AuditFile } from '../commands/audit.ts'
import { createCommands, type WriteRequest } from '../commands/commands.ts'
import type { CommandDevice } from '../commands/perform.ts'
import { SampleBatch } from '../core/batch.ts'
import type { WriteItem } from '../core/driver.ts'
import { GatewayError, type ErrorCode } from '../core/errors.ts'
import { silentLog } from '../core/log.ts'
import { Status, type StatusCode } from '../core/status.ts'
import type { TagSettings } from '../core/tags.ts'
import type { Value } from '../core/value.ts'
import { temporaryFolder } from './peers.ts'
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

/** Commands over one such device, with an audit file of the test's own. */
export function commandsOf(
  t: TestContext,
  settings: Partial<TagSettings>,
  auditFile = join(temporaryFolder(t), 'audit.ndjson'),
  names: readonly string[] = ['level'],
) {
  const tags = tagTable(...names.map((name) => ({ name, writable: true, ...settings })))
  const device = new HoldingDevice(names.map((_, id) => tags.get(id)!.settings))
  const emitted: SampleBatch[] = []
  const file = new AuditFile(auditFile)
  const latest = { get: () => ({ value: 3, status: 0, time: 1, receivedAt: 1, seq: 1 }) }
  const clock = new VirtualClock()
  const commands = createCommands({
    store: { tags, latest },
    polling: { device: (name) => (name === 'press' ? device : undefined) },
    clock,
    log: silentLog,
    audit: file,
    emit: (batch) => emitted.push(batch),
  })
  t.after(async () => {
    await commands.close()
    await file.close()
  })
  return {
    commands,
    clock,
    device,
    auditFile,
    emitted,
    write: (value: unknown, more: Partial<WriteRequest> = {}) =>
      commands.write({ device: 'press', tag: 'level', value, user: 'ada', from: 'cli', reason: 'test', ...more }),
    audit: () =>
      readFileSync(auditFile, 'utf8')
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>),
  }
}

/** For `assert.rejects`: this code, and a message like this. */
export const withCode = (code: ErrorCode, message?: RegExp) => (error: unknown) => {
  assert.ok(error instanceof GatewayError, String(error))
  assert.equal(error.code, code)
  if (message !== undefined) assert.match(error.message, message)
  return true
}
