/**
 * The account of a sink under everything at once: all four policies, both orders, purges, rewinds, restarts, kills, power cuts and a disk
 * that refuses. After each step `routed = delivered + pending + dropped`, nothing is negative, and in the end all is drained.
 * BIFROST_SEED begins elsewhere, BIFROST_ACCOUNTS sets how many lives there are.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SampleBatch } from '../../core/batch.ts'
import type { Cursor } from '../../core/cursor.ts'
import { silentLog } from '../../core/log.ts'
import { RETENTION_POLICIES } from '../../core/retention.ts'
import { randomFrom, SEED } from '../../testing/fault-table.ts'
import { settle, VirtualClock } from '../../testing/virtual-clock.ts'
import { MemoryFiles } from '../memory-files.ts'
import { openStore, type Store } from '../store.ts'

const LIVES = Number(process.env.BIFROST_ACCOUNTS ?? 40)
const STEPS = 60
const BATCH = 100
const MOST_TURNS = 400

class Life {
  readonly #random: () => number
  readonly #policy: (typeof RETENTION_POLICIES)[number]
  readonly #order: 'in-order' | 'live-first'
  readonly #clock = new VirtualClock()
  readonly #seed: number
  readonly #trail: string[] = []
  #files = new MemoryFiles()
  #store!: Store
  #cursor!: Cursor

  constructor(seed: number) {
    this.#seed = seed
    this.#random = randomFrom(seed)
    this.#policy = RETENTION_POLICIES[Math.floor(this.#random() * RETENTION_POLICIES.length)]!
    this.#order = this.#random() < 0.5 ? 'in-order' : 'live-first'
  }

  async live(): Promise<void> {
    await this.#open()
    for (let step = 0; step < STEPS; step++) {
      this.#breakOrMend()
      await this.#step()
      this.#balance()
    }
    this.#mend()
    await this.#pass(10_000)
    for (let turn = 0; turn < MOST_TURNS && this.#cursor.ledger().pending > 0; turn++) {
      await this.#take()
      this.#balance()
      if (turn % 20 === 19) await this.#pass(2000)
    }
    assert.equal(this.#cursor.ledger().pending, 0, `not drained: ${this.#told()}`)
    await this.#store.close()
  }

  async #open(): Promise<void> {
    this.#store = await openStore({
      dir: '/data',
      clock: this.#clock,
      log: silentLog,
      files: this.#files,
      tailRows: 128,
      segmentBytes: 4096,
      reserveBlock: 5000,
      maxPendingRows: 3000,
      preallocateBytes: this.#random() < 0.3 ? 8192 : 0,
      retention: { maxBytes: 30_000, policy: this.#policy },
    })
    this.#cursor = await this.#store.openCursor('s', { order: this.#order })
  }

  #breakOrMend(): void {
    const dice = this.#random()
    if (dice < 0.05) this.#files.writeFault = 'ENOSPC'
    else if (dice < 0.1) this.#files.writeFault = 'EIO'
    else if (dice < 0.12) this.#files.syncFault = 'EIO'
    else if (dice < 0.4) return this.#mend()
    else return
    this.#trail.push('fault')
  }

  #mend(): void {
    this.#files.writeFault = undefined
    this.#files.syncFault = undefined
  }

  async #step(): Promise<void> {
    const dice = this.#random()
    if (dice < 0.45) return this.#append()
    if (dice < 0.75) return this.#take()
    if (dice < 0.85) return this.#purge()
    if (dice < 0.9) return this.#pass(8000)
    this.#mend()
    if (dice < 0.95) await this.#store.close()
    else this.#files = this.#random() < 0.5 ? this.#files.afterKill() : this.#files.afterPowerCut()
    this.#trail.push(dice < 0.95 ? 'restart' : 'end')
    await this.#open()
  }

  async #append(): Promise<void> {
    this.#trail.push('append')
    const batches = 1 + Math.floor(this.#random() * 6)
    for (let count = 0; count < batches; count++) {
      const batch = new SampleBatch(BATCH, this.#clock.now())
      for (let row = 0; row < BATCH; row++) batch.push(1 + (row % 4), this.#random() * 1e6, 0)
      this.#store.append(batch)
      if (this.#random() < 0.7) await this.#store.flush().catch(() => undefined)
    }
    await this.#pass(1000 * (1 + Math.floor(this.#random() * 9)))
  }

  async #take(): Promise<void> {
    const rows = 1 + Math.floor(this.#random() * 400)
    const got = await this.#cursor.next(rows, AbortSignal.timeout(20)).catch(() => undefined)
    if (got === undefined) return
    // Something is in flight: a purge must let go of nothing that is settled after it.
    if (this.#random() < 0.15) this.#purge()
    if (this.#random() < 0.2) {
      this.#trail.push('rewind')
      return this.#cursor.rewind()
    }
    const [seq, delivered] = got instanceof SampleBatch ? [got.seq!.at(-1)!, got.length] : [got.toSeq, 0]
    this.#trail.push(`ack ${seq}`)
    this.#cursor.ack(seq, { delivered })
  }

  #purge(): void {
    this.#trail.push('purge')
    this.#cursor.purge()
    this.#balance()
  }

  async #pass(ms: number): Promise<void> {
    await this.#clock.advance(ms)
    await settle()
  }

  #balance(): void {
    const { routed, delivered, pending, dropped } = this.#cursor.ledger()
    const lost = Object.values(dropped)
    const sum = lost.reduce((all, count) => all + count, delivered + pending)
    assert.ok(routed === sum && pending >= 0 && lost.every((count) => count >= 0), this.#told())
  }

  #told(): string {
    const ledger = JSON.stringify(this.#cursor.ledger())
    return `seed ${this.#seed}, ${this.#policy}, ${this.#order}: ${ledger} after ${this.#trail.slice(-30).join(', ')}`
  }
}

test(`${LIVES} lives with everything that can happen: the account adds up after each step, and all is drained`, async () => {
  for (let life = 0; life < LIVES; life++) await new Life(SEED + life).live()
})
