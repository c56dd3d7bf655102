/** The payload of a samples frame → rows, the other way of `encode-rows.ts`. Whatever the bytes are: rows, or PROTOCOL_VIOLATION. */
import { HAS_VALUE, IS_BIG, IS_BOOLEAN, IS_OTHER, IS_UNSIGNED, KEPT, SampleBatch } from '../../core/batch.ts'
import { violation } from '../../wire/reader.ts'
import { baseTime, COLUMN_COUNT, isWholeTime, KNOWN_FLAGS } from './encode-rows.ts'
import { MAX_FRAME_ROWS, MAX_RAW_BYTES, MAX_TIME, MAX_VALUE_BYTES } from './limits.ts'
import { LinkReader } from './link-reader.ts'
import { baseIn, FORM_FLOAT32, FORM_FLOAT64, isForm, RowState, unscaledIn } from './row-state.ts'

/** Counts the rows of a column that are as expected. */
class Runs {
  readonly in: LinkReader
  #run: number

  constructor(bytes: Buffer) {
    this.in = new LinkReader(bytes)
    this.#run = this.in.varint('rows as expected', MAX_FRAME_ROWS)
  }

  isExpected(): boolean {
    if (this.#run === 0) return false
    this.#run--
    return true
  }

  /** After what was not expected was read. */
  next(): void {
    this.#run = this.in.varint('rows as expected', MAX_FRAME_ROWS)
  }

  expectEnd(column: string): void {
    if (this.#run > 0) throw violation(`the column ${column} speaks of more rows than there are`)
    this.in.expectEnd(column)
  }
}

export class RowDecoder {
  readonly #state = new RowState()
  readonly #isKnown: (alias: number) => boolean

  /** `isKnown`: the aliases that were introduced. */
  constructor(isKnown: (alias: number) => boolean) {
    this.#isKnown = isKnown
  }

  /** The rows with their numbers, from `from` to `to`; the tag of a row is its alias. */
  decode(payload: Buffer, from: number, to: number): SampleBatch {
    const head = new LinkReader(payload)
    const count = head.varint('number of rows', MAX_FRAME_ROWS)
    const receivedAt = head.float64('time of receipt')
    const isWhole = head.uint8('form of times') === 0
    const lengths = Array.from({ length: COLUMN_COUNT }, () => head.varint('length of a column', MAX_RAW_BYTES))
    let columns = head.rest()
    if (lengths.reduce((sum, length) => sum + length, 0) !== columns.length)
      throw violation('the columns of a samples frame do not fill it')
    const parts = lengths.map((length) => {
      const part = columns.subarray(0, length)
      columns = columns.subarray(length)
      return part
    })
    if (!(Math.abs(receivedAt) <= MAX_TIME)) throw violation('samples received at no time')
    return this.#rows(new SampleBatch(count, receivedAt), parts, isWhole, from, to)
  }

  #rows(batch: SampleBatch, parts: readonly Buffer[], isWhole: boolean, from: number, to: number): SampleBatch {
    const [numbers, tags, times, marks, forms, calm] = parts.slice(0, 6).map((part) => new Runs(part))
    const steps = new LinkReader(parts[6]!)
    const bits = new LinkReader(parts[7]!)
    batch.seq = new Float64Array(batch.capacity)
    const values = { forms: forms!, calm: calm!, steps, bits }
    let seq = from - 1
    for (let row = 0; row < batch.capacity; row++) {
      seq += 1 + this.#jump(numbers!, to - seq)
      if (seq > to) throw violation(`samples numbered beyond ${to}`)
      batch.seq[row] = seq
      const alias = this.#tag(tags!)
      const time = this.#time(times!, isWhole)
      this.#mark(marks!, alias)
      this.#value(batch, alias, time, values)
    }
    numbers!.expectEnd('numbers')
    tags!.expectEnd('tags')
    times!.expectEnd('times')
    marks!.expectEnd('marks')
    forms!.expectEnd('forms')
    calm!.expectEnd('calm')
    steps.expectEnd('steps')
    bits.expectEnd('bits')
    return batch
  }

  #jump(numbers: Runs, most: number): number {
    if (numbers.isExpected()) return 0
    const jump = numbers.in.varint('jump of numbers', Math.max(0, most))
    numbers.next()
    return jump
  }

  #tag(tags: Runs): number {
    const state = this.#state
    let alias = state.follower[state.last]!
    if (!tags.isExpected()) {
      alias = tags.in.varint('alias')
      tags.next()
    }
    if (alias === 0 || !this.#isKnown(alias)) throw violation(`a sample of alias ${alias}, which was not introduced`)
    state.reserve(alias)
    state.follower[state.last] = alias
    state.last = alias
    return alias
  }

  #time(times: Runs, isWhole: boolean): number {
    const state = this.#state
    if (times.isExpected()) return state.time
    const time = isWhole ? baseTime(state.time) + times.in.zigzag('step of time') : times.in.float64('time')
    times.next()
    if (isWhole ? !isWholeTime(time) : !(Math.abs(time) <= MAX_TIME)) throw violation(`a sample at time ${time}`)
    state.time = time
    return time
  }

  #mark(marks: Runs, alias: number): void {
    const state = this.#state
    if (marks.isExpected()) return
    const flags = marks.in.uint8('flags')
    if (!areFlags(flags)) throw violation(`flags ${flags} contradict each other`)
    state.flags[alias] = flags
    state.status[alias] = marks.in.uint32('status')
    marks.next()
  }

  #value(
    batch: SampleBatch,
    alias: number,
    time: number,
    { forms, calm, steps, bits }: { forms: Runs; calm: Runs; steps: LinkReader; bits: LinkReader },
  ): void {
    const state = this.#state
    const flags = state.flags[alias]!
    const row = batch.length
    const hasNumber = (flags & (HAS_VALUE | KEPT)) !== 0 && (flags & (IS_BIG | IS_OTHER)) === 0
    const number = hasNumber ? this.#number(alias, forms, calm, steps, bits) : 0
    batch.pushNumber(alias, flags & IS_BOOLEAN ? Number(number !== 0) : number, state.status[alias]!, time, flags)
    if (flags & IS_BIG) {
      batch.big ??= new BigInt64Array(batch.capacity)
      batch.big[row] = bits.bigint('64-bit value')
    } else if (flags & IS_OTHER) {
      batch.other ??= new Map()
      batch.other.set(row, otherFrom(bits))
    }
  }

  #number(alias: number, forms: Runs, calm: Runs, steps: LinkReader, bits: LinkReader): number {
    const state = this.#state
    const before = state.value[alias]!
    if (state.calm[alias] === 1) {
      if (calm.isExpected()) return before
      calm.next()
    }
    if (!forms.isExpected()) {
      const form = forms.in.uint8('form')
      if (!isForm(form)) throw violation(`a form ${form} of numbers`)
      state.form[alias] = form
      forms.next()
    }
    const form = state.form[alias]!
    let value: number
    if (form === FORM_FLOAT64) value = bits.float64('value')
    else if (form === FORM_FLOAT32) value = bits.float32('value')
    else value = unscaledIn(form, baseIn(form, before) + steps.zigzag('step of a value'))
    state.calm[alias] = Object.is(value, before) ? 1 : 0
    state.value[alias] = value
    return value
  }
}

function otherFrom(bits: LinkReader): string | Uint8Array {
  const kind = bits.uint8('kind of value')
  const bytes = bits.block('value', MAX_VALUE_BYTES)
  if (kind === 0) return bits.utf8(bytes, 'string value')
  if (kind === 1) return new Uint8Array(bytes)
  throw violation(`a value of kind ${kind}`)
}

/** At most one kind of value, and a kind only where there is a value. */
function areFlags(flags: number): boolean {
  if ((flags & ~KNOWN_FLAGS) !== 0) return false
  if ((flags & HAS_VALUE) !== 0 && (flags & KEPT) !== 0) return false
  const hasValue = (flags & (HAS_VALUE | KEPT)) !== 0
  const kinds = flags & (IS_BOOLEAN | IS_BIG | IS_OTHER)
  if (!hasValue && (kinds | (flags & IS_UNSIGNED)) !== 0) return false
  if ((flags & IS_UNSIGNED) !== 0 && (flags & IS_BIG) === 0) return false
  return (kinds & (kinds - 1)) === 0
}
