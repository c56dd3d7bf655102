/**
 * The far side of `kill-child.ts`: follows what each life of the process printed and holds it against the promises of the store
 * (FORMAT.md, "Invariants"): what was reported durable is there, in order, and every ledger adds up.
 */
import assert from 'node:assert/strict'
import type { Ledger } from '../../src/core/cursor.ts'
import type { Gap } from '../../src/core/sink.ts'
import { Ranges, sizeOf, type Range } from './ranges.ts'

interface Opened {
  readonly ms: number
  readonly first: number
  readonly tag: number
  readonly quick: Ledger
  readonly late: Ledger
}

interface Life {
  readonly first: number
  /** The last watermark that it printed whole. */
  durable: number
}

class FarSide {
  readonly got = new Ranges()
  readonly gaps: Gap[] = []
  readonly #letGo = new Ranges()
  duplicates = 0
  /** What came last from the process that lives. */
  place = 0

  hear(gap: Gap): void {
    this.gaps.push(gap)
    if (gap.reason === 'thinned' || gap.reason === 'retention') this.#letGo.add([gap.fromSeq, gap.toSeq])
  }

  take(ranges: readonly Range[]): void {
    for (const range of ranges) {
      assert.ok(range[0] > this.place, `${range[0]} came after ${this.place}`)
      this.place = range[1]
      // Order is kept when nothing comes for the first time after something newer came, but for what was said to be let go: a kill
      // before its file was removed brings it back.
      const { last } = this.got
      for (const part of this.got.missing(range))
        for (const [from, to] of this.#letGo.missing(part))
          assert.ok(from > last, `${from} to ${to} came late, after ${last}`)
      this.duplicates += this.got.add(range)
    }
  }
}

export class KillAudit {
  readonly lives: Life[] = []
  readonly openMs: number[] = []
  readonly sides = { quick: new FarSide(), late: new FarSide() }
  readonly #tags = new Set<number>()
  readonly #isControl: boolean
  #drained: { readonly quick: Ledger; readonly late: Ledger } | undefined

  /** A control breaks promises on purpose: what is lost is counted, and nothing else is judged. */
  constructor({ isControl = false } = {}) {
    this.#isControl = isControl
  }

  /** Everything that one life of the process printed; what the kill cut off in the middle of a line does not count. */
  live(output: string): void {
    for (const side of Object.values(this.sides)) side.place = 0
    for (const line of output.slice(0, output.lastIndexOf('\n') + 1).split('\n')) this.#line(line)
  }

  /** Numbers at or below a reported watermark that never came, and of which no gap says that they were let go on purpose. */
  get lost(): number {
    const known = new Ranges()
    for (const range of this.sides.late.got.runs) known.add(range)
    for (const { reason, fromSeq, toSeq } of this.sides.late.gaps)
      if (reason === 'thinned' || reason === 'retention') known.add([fromSeq, toSeq])
    return this.lives.reduce((sum, { first, durable }) => sum + sizeOf(known.missing([first, durable])), 0)
  }

  get reported(): number {
    return this.lives.reduce((sum, { first, durable }) => sum + Math.max(0, durable - first + 1), 0)
  }

  get duplicates(): number {
    return this.sides.quick.duplicates + this.sides.late.duplicates
  }

  /** After the last life has delivered everything. */
  checkLedgers(): void {
    for (const name of ['quick', 'late'] as const) {
      const ledger = this.#drained![name]
      balanced(name, ledger)
      assert.equal(ledger.pending, 0)
      for (const { reason } of this.sides[name].gaps)
        assert.ok(!['corrupt', 'missing-segment', 'overflow'].includes(reason), `${name} was told a gap: ${reason}`)
    }
    assert.equal(this.#drained!.quick.routed, this.#drained!.late.routed)
  }

  /** Where nothing is thinned or removed: the ledger counts each sample that the log kept exactly once. */
  checkExactCount(): void {
    const stops = new Ranges()
    for (const { reason, fromSeq, toSeq } of this.sides.late.gaps)
      if (reason === 'unclean-stop') stops.add([fromSeq, toSeq])
    let kept = 0
    for (const [at, { first, durable }] of this.lives.slice(0, -1).entries()) {
      const left = sizeOf(stops.missing([first, this.lives[at + 1]!.first - 1]))
      // A life that wrote nothing, before there was anything, leaves no gap.
      kept += kept === 0 && durable < first && left === this.lives[at + 1]!.first - first ? 0 : left
    }
    assert.equal(this.#drained!.late.routed, kept)
    assert.equal(this.#drained!.late.delivered, kept)
    assert.equal(this.sides.late.got.size, kept, 'what is on the disk came, and nothing else')
  }

  #line(line: string): void {
    const [word, ...rest] = line.split(' ')
    if (word === 'durable') this.lives.at(-1)!.durable = Number(rest[0])
    else if (word === 'took') this.#side(rest[0]!).take(JSON.parse(rest.slice(1).join(' ')) as Range[])
    else if (word === 'gap') this.#side(rest[0]!).hear(JSON.parse(rest.slice(1).join(' ')) as Gap)
    else if (word === 'open') this.#open(JSON.parse(rest.join(' ')) as Opened)
    else if (word === 'drained') this.#drained = JSON.parse(rest.join(' ')) as { quick: Ledger; late: Ledger }
    else assert.ok(word === 'opening' || word === '', line)
  }

  #open({ ms, first, tag, quick, late }: Opened): void {
    this.openMs.push(ms)
    this.lives.push({ first, durable: first - 1 })
    if (this.#isControl) return
    assert.ok(first > (this.lives.at(-2)?.durable ?? 0), `number ${first} is given again`)
    assert.ok(!this.#tags.has(tag), `tag id ${tag} is given again`)
    this.#tags.add(tag)
    balanced('quick', quick)
    balanced('late', late)
  }

  #side(name: string): FarSide {
    const side = this.sides[JSON.parse(name) as 'quick' | 'late']
    assert.ok(side !== undefined, name)
    return side
  }
}

function balanced(name: string, { routed, delivered, pending, dropped }: Ledger): void {
  const lost = Object.values(dropped).reduce((sum, count) => sum + count, 0)
  assert.ok(pending >= 0)
  assert.equal(routed, delivered + pending + lost, `the ledger of ${name} does not add up`)
}
