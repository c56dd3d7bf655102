/** The log against an array: whatever is done to it in whatever order, nothing durable is lost, nothing is told twice, all is counted. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { SampleBatch } from '../core/batch.ts'
import type { Cursor } from '../core/cursor.ts'
import { silentLog } from '../core/log.ts'
import { settle, VirtualClock } from '../testing/virtual-clock.ts'
import { MemoryFiles } from './memory-files.ts'
import { openStore, type Store } from './store.ts'

type Step =
  | { do: 'append'; rows: number }
  | { do: 'read'; rows: number; settle: boolean }
  | { do: 'flush' | 'rewind' | 'powerCut' | 'restart' | 'wait' | 'failDisk' | 'repairDisk' }

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('append' as const), rows: fc.integer({ min: 1, max: 40 }) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('read' as const),
      rows: fc.integer({ min: 1, max: 50 }),
      settle: fc.boolean(),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constantFrom('flush', 'rewind', 'powerCut', 'restart', 'wait', 'failDisk', 'repairDisk'),
    }),
  },
)

/** One store with one cursor beside the model of what it must hold. */
class Subject {
  files = new MemoryFiles()
  clock = new VirtualClock()
  store!: Store
  cursor!: Cursor
  readonly #retention: number | undefined
  readonly #preallocateBytes: number
  /** Every number ever given, with its value; a second use of a number fails at once. */
  readonly given = new Map<number, number>()
  /** What was durable at some time and not removed by retention must be there for ever. */
  durable = 0
  /** Numbers that were not durable when the power went. */
  readonly #unkept = new Set<number>()
  #next = 0
  #read: SampleBatch[] = []

  constructor(retention: number | undefined, preallocateBytes: number) {
    this.#retention = retention
    this.#preallocateBytes = preallocateBytes
  }

  async open(): Promise<void> {
    this.store = await openStore({
      dir: '/data',
      clock: this.clock,
      log: silentLog,
      files: this.files,
      reserveBlock: 200,
      maxPendingRows: 150,
      tailRows: 32,
      segmentBytes: 300,
      preallocateBytes: this.#preallocateBytes,
      syncEveryMs: 2000,
      ...(this.#retention === undefined ? {} : { retention: { maxBytes: this.#retention } }),
    })
    this.cursor = await this.store.openCursor('s')
    this.#read = []
    this.balance()
  }

  append(rows: number): void {
    const batch = new SampleBatch(rows, this.clock.now())
    for (let row = 0; row < rows; row++) batch.push(1 + (row % 7), this.#next++, 0)
    if (this.store.append(batch) > 0) return
    for (let row = 0; row < rows; row++) {
      assert.ok(!this.given.has(batch.seq![row]!), `number ${batch.seq![row]} was given twice`)
      this.given.set(batch.seq![row]!, batch.value[row]!)
    }
  }

  async read(rows: number, ack: boolean): Promise<void> {
    const before = this.#read.length
    const patience = new AbortController()
    const reading = this.cursor.next(rows, patience.signal).catch(() => undefined)
    await Promise.race([reading, settle().then(settle)])
    patience.abort()
    const got = await reading
    if (got === undefined) return
    if (got instanceof SampleBatch) {
      for (const sample of got) assert.equal(sample.value, this.given.get(sample.seq!), `number ${sample.seq}`)
      this.#read.push(got)
    }
    if (!ack || this.#read.length === before) return
    const delivered = this.#read.reduce((sum, batch) => sum + batch.length, 0)
    this.cursor.ack(this.#read.at(-1)!.seq!.at(-1)!, { delivered: delivered - 1, dropped: { rejected: 1 } })
    this.#read = []
  }

  rewind(): void {
    this.cursor.rewind()
    this.#read = []
  }

  note(): void {
    const { durableSeq } = this.store.info()
    assert.ok(durableSeq >= this.durable, 'the durable watermark went back')
    this.durable = durableSeq
  }

  balance(): void {
    const { routed, delivered, pending, dropped } = this.cursor.ledger()
    const lost = Object.values(dropped).reduce((sum, count) => sum + count, 0)
    assert.ok(pending >= 0)
    assert.equal(routed, delivered + pending + lost, JSON.stringify(this.cursor.ledger()))
  }

  async powerCut(): Promise<void> {
    for (const seq of this.given.keys()) if (seq > this.durable) this.#unkept.add(seq)
    this.files = this.files.afterPowerCut()
    this.clock = new VirtualClock(this.clock.now() + 1000)
    await this.open()
  }

  async restart(): Promise<void> {
    this.files.writeFault = undefined
    this.files.syncFault = undefined
    await this.store.close()
    await this.open()
  }

  /** A new reader finds every durable number, in order, but for what retention took. */
  async checkAll(): Promise<void> {
    const reader = await this.store.openCursor('auditor')
    const found: number[] = []
    let kept = 1
    while (reader.ledger().pending > 0) {
      const got = await reader.next(1000, AbortSignal.timeout(5000))
      if (!(got instanceof SampleBatch)) {
        assert.ok(['unclean-stop', 'overflow', 'retention'].includes(got.reason), got.reason)
        if (got.reason === 'retention') kept = got.toSeq + 1
        continue
      }
      found.push(...got.seq!)
      for (const sample of got) assert.equal(sample.value, this.given.get(sample.seq!))
      reader.ack(got.seq!.at(-1)!, { delivered: got.length })
    }
    assert.deepEqual(
      found,
      found.toSorted((a, b) => a - b),
    )
    kept = Math.max(kept, this.store.info().oldestSeq)
    const there = new Set(found)
    for (const seq of this.given.keys()) {
      if (seq >= kept && seq <= this.durable && !this.#unkept.has(seq))
        assert.ok(there.has(seq), `durable number ${seq} is gone`)
    }
  }
}

async function perform(subject: Subject, step: Step): Promise<void> {
  if (step.do === 'append') subject.append(step.rows)
  else if (step.do === 'read') await subject.read(step.rows, step.settle)
  else if (step.do === 'flush') await subject.store.flush().catch(() => undefined)
  else if (step.do === 'rewind') subject.rewind()
  else if (step.do === 'powerCut') await subject.powerCut()
  else if (step.do === 'restart') await subject.restart()
  else if (step.do === 'wait') await subject.clock.advance(1500)
  else if (step.do === 'failDisk') subject.files[subject.durable % 2 ? 'syncFault' : 'writeFault'] = 'EIO'
  else subject.files.writeFault = subject.files.syncFault = undefined
}

for (const retention of [undefined, 1500]) {
  test(`random use against the model, ${retention === undefined ? 'all kept' : 'with retention'}`, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 5, maxLength: 60 }),
        fc.constantFrom(0, 256),
        async (steps, ahead) => {
          const subject = new Subject(retention, ahead)
          await subject.open()
          for (const one of steps) {
            await perform(subject, one)
            subject.note()
            subject.balance()
          }
          await subject.restart()
          await subject.checkAll()
          subject.balance()
          await subject.store.close()
        },
      ),
      { numRuns: 150, interruptAfterTimeLimit: 5000, endOnFailure: true },
    )
  })
}
