/**
 * Writes to the units of one device: one at a time, in the order given, each only if it is still wanted when its turn comes. None is
 * ever repeated: one that got no answer may have been carried out. `write-request.ts` says which function writes what.
 */
import type { WriteItem } from '../../core/driver.ts'
import { Status, type StatusCode } from '../../core/status.ts'
import { encodeRequest, ModbusException, type ModbusRequest } from '../../protocols/modbus/index.ts'
import type { ModbusAddress } from './address.ts'
import type { LineClient } from './line-client.ts'
import { parseOrder } from './order.ts'
import { hasBroadcast, type ModbusOptions } from './options.ts'
import { statusOfWriteFailure } from './outcome.ts'
import type { ReplyCache } from './proxy/reply-cache.ts'
import type { WriteLock } from './write-lock.ts'
import { changeOf, joinedRequest, neighbours, requestOf, type Change, type ChangeSettings } from './write-request.ts'

type Item = WriteItem<ModbusAddress>

/** What the writes of all devices of a line share. */
export interface LineWrites {
  readonly writes: WriteLock
  readonly proxies: { readonly cache: ReplyCache }
}

/** What one command came to, request by request. */
interface Run {
  readonly connected: () => LineClient
  readonly items: readonly Item[]
  readonly changes: readonly (Change | StatusCode)[]
  readonly results: StatusCode[]
  readonly signal: AbortSignal
}

const ILLEGAL_FUNCTION = 0x01

/** Items that were made of others, tag by tag, watched by those who watch the originals. */
export function watchedAs(made: readonly Item[], originals: readonly Item[]): readonly Item[] {
  return made.map((item) => {
    const watch = item.watch ?? originals.find(({ point }) => point.tag === item.point.tag)?.watch
    return watch === undefined ? item : { ...item, watch }
  })
}

export class ModbusWriter {
  readonly #options: ModbusOptions
  readonly #line: LineWrites
  readonly #settings: ChangeSettings
  readonly #unitsWithoutMask = new Set<number>()

  constructor(options: ModbusOptions, line: LineWrites) {
    this.#options = options
    this.#line = line
    this.#settings = { unit: options.unit, order: parseOrder(options.order) ?? 'ABCD' }
  }

  /**
   * One status an item. When the signal aborts, what was not begun is BadRequestNotComplete and was not sent; what was on its way is
   * BadTimeout. Throws only when the connection is lost.
   */
  write(connected: () => LineClient, items: readonly Item[], signal: AbortSignal): Promise<StatusCode[]> {
    const run: Run = {
      connected,
      items,
      changes: items.map((item) => this.#changeOf(item)),
      results: items.map(() => Status.BadRequestNotComplete),
      signal,
    }
    return this.#line.writes.run(() => this.#writeAll(run))
  }

  #changeOf(item: Item): Change | StatusCode {
    const change = changeOf(item, this.#settings)
    if (typeof change === 'number' || change.unit !== 0 || !hasBroadcast(this.#options.transport)) return change
    item.watch?.remark('Unit 0 is the broadcast of a serial line: all devices would take it and none would answer.')
    return Status.BadNotWritable
  }

  async #writeAll(run: Run): Promise<StatusCode[]> {
    const { items, changes, results, signal } = run
    for (let at = 0; at < items.length && !signal.aborted;) {
      const count = this.#options.coalesceWrites ? neighbours(changes.slice(at)) : 1
      const rows = Array.from({ length: count }, (_, i) => at + i).filter((row) => this.#mayBegin(run, row))
      // Where one of them is no longer wanted, the rest is no row of neighbours any more.
      if (rows.length === count && count > 1) await this.#writeJoined(run, rows)
      else for (const row of rows) results[row] = await this.#writeOne(run, row)
      at += count
    }
    return results
  }

  /** FC15 or FC16 for all; where the device refuses it as a whole (01, 02, 03), one after the other: which one it means it does not say. */
  async #writeJoined(run: Run, rows: readonly number[]): Promise<void> {
    const changes = rows.map((row) => run.changes[row] as Change)
    try {
      await this.#send(run, changes[0]!.unit, joinedRequest(changes))
      for (const row of rows) run.results[row] = Status.Good
    } catch (error) {
      if (error instanceof ModbusException && error.exceptionCode <= 0x03) {
        for (const row of rows) if (!run.signal.aborted) run.results[row] = await this.#writeOne(run, row)
        return
      }
      const status = statusOf(error, run.signal)
      for (const row of rows) run.results[row] = status
    }
  }

  async #writeOne(run: Run, row: number): Promise<StatusCode> {
    const change = run.changes[row]!
    if (typeof change === 'number') return change
    try {
      if (change.kind === 'bit') await this.#writeBit(run, run.items[row]!, change)
      else await this.#send(run, change.unit, requestOf(change, this.#options.writeMultiple))
      return Status.Good
    } catch (error) {
      if (error instanceof ModbusException && error.hint !== undefined)
        run.items[row]!.watch?.remark(`The device does not know this function, ${error.hint}.`)
      return statusOf(error, run.signal)
    }
  }

  /**
   * FC22 changes the bit in one step inside the device; one that does not know it (exception 01) gets read, change, write. No other
   * write of ours comes in between (`WriteLock`), but the device and its other clients may.
   */
  async #writeBit(run: Run, { watch }: Item, change: Change & { kind: 'bit' }): Promise<void> {
    const { unit, address, mask, on } = change
    if (!this.#unitsWithoutMask.has(unit)) {
      try {
        await this.#send(run, unit, requestOf(change, false))
        return
      } catch (error) {
        if (!(error instanceof ModbusException) || error.exceptionCode !== ILLEGAL_FUNCTION) throw error
        this.#unitsWithoutMask.add(unit)
      }
    }
    watch?.remark(
      `Read, changed and written back, because unit ${unit} knows no mask write (22): not atomic against others.`,
    )
    const reply = await this.#ask(run, unit, { functionCode: 3, address, count: 1 })
    const before = (reply[2]! << 8) | reply[3]!
    const after = on ? before | mask : before & ~mask
    const registers = Uint8Array.of(after >>> 8, after & 0xff)
    await this.#send(run, unit, requestOf({ unit, address, kind: 'registers', registers }, this.#options.writeMultiple))
  }

  /** A request that changes the unit. */
  async #send(run: Run, unit: number, request: ModbusRequest): Promise<void> {
    await this.#line.proxies.cache.write(unit, () => this.#ask(run, unit, request))
  }

  /** What cannot be written needs no leave: nothing is sent for it. */
  #mayBegin({ items, changes, signal }: Run, row: number): boolean {
    if (typeof changes[row] === 'number') return true
    return !signal.aborted && (items[row]!.watch?.begin(this.#options.coalesceWrites) ?? true)
  }

  #ask({ connected, signal }: Run, unit: number, request: ModbusRequest): Promise<Uint8Array> {
    return connected().request(unit, encodeRequest(request), signal, this.#options.timeout)
  }
}

/** A write that was on its way when the caller gave up got no answer in time. */
const statusOf = (error: unknown, signal: AbortSignal): StatusCode =>
  signal.aborted ? Status.BadTimeout : statusOfWriteFailure(error)
