/**
 * The SunSpec side of a Modbus device: its units, the polls of named points, and writes to them. The rest of the driver sees
 * registers only.
 */
import type { Clock } from '../../../core/clock.ts'
import type { Point, Poll, WriteItem } from '../../../core/driver.ts'
import { Status, type StatusCode } from '../../../core/status.ts'
import type { TagId } from '../../../core/value.ts'
import type { ModbusAddress } from '../address.ts'
import type { Directory } from './directory.ts'
import { FIRST_SURVEY_TAG, SunSpecPoll, type PlanRegisters } from './poll.ts'
import { SunSpecUnit, isUnderway, type Progress, type ReadRegisters } from './unit.ts'
import { toRegisters } from './write.ts'

type ModbusPoint = Point<ModbusAddress>

/** What the SunSpec side needs of the device. */
export interface SunSpecSetup {
  /** The device's own unit id. */
  readonly unit: number
  readonly clock: Clock
  readonly read: ReadRegisters
  readonly plan: PlanRegisters
}

export class SunSpecDevice {
  readonly #setup: SunSpecSetup
  readonly #units = new Map<number, SunSpecUnit>()
  /** Who reads a tag in its cycles: knows why it has no value. */
  readonly #polls = new Map<TagId, SunSpecPoll>()

  constructor(setup: SunSpecSetup) {
    this.#setup = setup
  }

  /** A new connection: the units are recognised before anything is believed of them. */
  reconnected(): void {
    for (const unit of this.#units.values()) unit.reconnected()
  }

  /** A poll of points of which some are named: those of each unit are one step after the steps of the others. */
  prepare(points: readonly ModbusPoint[]): Poll {
    const { plan, clock } = this.#setup
    const others = plan(points.filter(({ address }) => address.sunspec === undefined))
    const named = points.filter(({ address }) => address.sunspec !== undefined)
    const units = [...new Set(named.map(({ address }) => address.unit ?? this.#setup.unit))]
    const polls = units.map((id) => {
      const ofUnit = named.filter(({ address }) => (address.unit ?? this.#setup.unit) === id)
      const poll = new SunSpecPoll(this.#unit(id), ofUnit, plan, clock)
      this.#remember(poll, ofUnit)
      return poll
    })
    return {
      steps: others.steps + polls.length,
      read: (step, emit, signal) =>
        step < others.steps ? others.read(step, emit, signal) : polls[step - others.steps]!.read(emit, signal),
      unit: (step) =>
        step < others.steps ? (others.unit?.(step) ?? this.#setup.unit) : polls[step - others.steps]!.unit.id,
    }
  }

  /** Why this tag has no value, where it is a matter of SunSpec. */
  reasonOf(tag: TagId): string | undefined {
    return this.#polls.get(tag)?.reasonOf(tag)
  }

  /** One request towards knowing the models of a unit, for somebody who waits for it: no pause holds it back. */
  advance(unit: number, signal: AbortSignal): Promise<Progress> {
    return this.#unit(unit).advance(signal, true)
  }

  /** The models of a unit, once `advance` said 'ready'. */
  directory(unit: number): Directory | undefined {
    const known = this.#unit(unit)
    return known.isReady ? known.directory : undefined
  }

  /** One status an item, in order. `write` writes registers; everything that can be written goes to it in one call. */
  async write(
    items: readonly WriteItem<ModbusAddress>[],
    write: (items: readonly WriteItem<ModbusAddress>[]) => Promise<StatusCode[]>,
    signal: AbortSignal,
  ): Promise<StatusCode[]> {
    const resolved: (WriteItem<ModbusAddress> | StatusCode)[] = []
    for (const item of items) {
      const isNamed = item.point.address.sunspec !== undefined
      resolved.push(isNamed ? await this.#toRegisters(item, signal) : item)
    }
    const results = await write(resolved.filter((item) => typeof item !== 'number'))
    let next = 0
    return resolved.map((item) => (typeof item === 'number' ? item : results[next++]!))
  }

  /** A write to a named point as one to registers; or the status that says why it cannot be. Asks the device what it has to know. */
  async #toRegisters(
    item: WriteItem<ModbusAddress>,
    signal: AbortSignal,
  ): Promise<WriteItem<ModbusAddress> | StatusCode> {
    if (item.point.address.sunspec!.point.writable !== true) return Status.BadNotWritable
    const unit = this.#unit(item.point.address.unit ?? this.#setup.unit)
    try {
      let progress: Progress = 'again'
      while (isUnderway(progress)) progress = await unit.advance(signal)
      if (typeof progress !== 'string') return progress.status
      return await toRegisters(item, unit.directory!, (at) => this.#setup.read(unit.id, at, 1, signal), unit.id)
    } catch (error) {
      if (signal.aborted) return Status.BadRequestNotComplete
      throw error
    }
  }

  /** A poll of a few tags that somebody asked for once does not take the place of the one that goes on; a survey has no tags. */
  #remember(poll: SunSpecPoll, points: readonly ModbusPoint[]): void {
    for (const { tag } of points) {
      if (tag >= FIRST_SURVEY_TAG) continue
      const before = this.#polls.get(tag)
      if (before === undefined || poll.size >= before.size) this.#polls.set(tag, poll)
    }
  }

  #unit(id: number): SunSpecUnit {
    const known = this.#units.get(id)
    if (known !== undefined) return known
    const unit = new SunSpecUnit(id, this.#setup.clock, this.#setup.read)
    this.#units.set(id, unit)
    return unit
  }
}
