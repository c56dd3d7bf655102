/**
 * Fewer samples of some tags, for thin links. Nothing is held back to decide later: of each stretch of source time the first value is sent
 * at once, and of each batch after that the lowest and the highest where they are lower or higher than what was sent of the stretch. So
 * the extremes of every stretch arrive, exactly, and every change of a status or a switch.
 */
import { HAS_VALUE, IS_BIG, IS_BOOLEAN, IS_OTHER, type SampleBatch } from '../../core/batch.ts'
import type { TagInfo, TagTable } from '../../core/tags.ts'
import type { TagId } from '../../core/value.ts'

export interface ThinRule {
  readonly match: string
  /** Length of a stretch in ms; 0: all are sent. */
  readonly every: number
  /** Only while what is sent is older than this, in ms. */
  readonly behind?: number | undefined
}

/** What was sent of a tag's present stretch. */
interface Stretch {
  readonly at: number
  min: number
  max: number
  status: number
  /** The last value that was looked at. */
  last: number
  /** Rows of this batch that may be an extreme, -1: none. */
  minRow: number
  maxRow: number
}

interface Rule {
  readonly info: TagInfo
  readonly rule: ThinRule | undefined
}

/** Which rows of a batch are sent, and what to call when they have arrived. */
export interface Thinned {
  /** By row: 1 where it is left out. */
  readonly leftOut: Uint8Array
  readonly count: number
  commit(): void
}

export class Thinning {
  readonly #rules: readonly { readonly rule: ThinRule; readonly matches: (info: TagInfo) => boolean }[]
  readonly #tags: TagTable
  readonly #ruleOf: (Rule | undefined)[] = []
  readonly #stretches = new Map<TagId, Stretch>()

  constructor(rules: readonly ThinRule[], tags: TagTable) {
    this.#rules = rules.map((rule) => ({ rule, matches: matcher(rule.match) }))
    this.#tags = tags
  }

  /** `ageMs`: how old the batch is. Undefined: nothing is left out. */
  apply(batch: SampleBatch, ageMs: number): Thinned | undefined {
    if (this.#rules.length === 0) return undefined
    const leftOut = new Uint8Array(batch.length)
    const staged = new Map<TagId, Stretch>()
    for (let row = 0; row < batch.length; row++) {
      const rule = this.#ruleFor(batch.tag[row]!)
      if (rule === undefined || rule.every === 0 || (rule.behind !== undefined && ageMs <= rule.behind)) continue
      this.#look(batch, row, rule, staged, leftOut)
    }
    for (const stretch of staged.values()) settleExtremes(stretch, leftOut, batch)
    const count = leftOut.reduce((sum, one) => sum + one, 0)
    const commit = () => {
      for (const [tag, stretch] of staged) this.#stretches.set(tag, stretch)
    }
    return { leftOut, count, commit }
  }

  #look(batch: SampleBatch, row: number, rule: ThinRule, staged: Map<TagId, Stretch>, leftOut: Uint8Array): void {
    const tag = batch.tag[row]!
    const at = Math.floor(batch.time[row]! / rule.every)
    const value = batch.value[row]!
    const status = batch.status[row]!
    const present = staged.get(tag) ?? copyOf(this.#stretches.get(tag))
    // Strings, bytes and 64-bit values have no extremes that are worth a comparison: all of them are sent.
    if ((batch.flags[row]! & (IS_BIG | IS_OTHER)) !== 0) return
    const hasValue = (batch.flags[row]! & HAS_VALUE) !== 0
    if (present?.at !== at || !Number.isFinite(value)) {
      if (present !== undefined) settleExtremes(present, leftOut, batch)
      const known = hasValue && Number.isFinite(value) ? value : NaN
      staged.set(tag, { at, min: known, max: known, status, last: value, minRow: -1, maxRow: -1 })
      return
    }
    staged.set(tag, present)
    // Of a switch every change counts.
    const isChange = (batch.flags[row]! & IS_BOOLEAN) !== 0 && value !== present.last
    present.last = value
    if (status !== present.status || !hasValue || isChange) {
      // What was the extreme before this change is sent before it.
      settleExtremes(present, leftOut, batch)
      present.status = status
      if (hasValue) widen(present, value)
      return
    }
    leftOut[row] = 1
    if (!(value >= present.min) && !(value >= (batch.value[present.minRow] ?? Infinity))) present.minRow = row
    if (!(value <= present.max) && !(value <= (batch.value[present.maxRow] ?? -Infinity))) present.maxRow = row
  }

  #ruleFor(tag: TagId): ThinRule | undefined {
    const info = this.#tags.get(tag)
    const known = this.#ruleOf[tag]
    if (info === undefined || known?.info === info) return known?.rule
    const rule = this.#rules.find(({ matches }) => matches(info))?.rule
    this.#ruleOf[tag] = { info, rule }
    return rule
  }
}

/** The extremes that this batch brought are sent, and are what later ones are compared with. */
function settleExtremes(stretch: Stretch, leftOut: Uint8Array, batch: SampleBatch): void {
  for (const row of [stretch.minRow, stretch.maxRow]) {
    if (row < 0) continue
    leftOut[row] = 0
    widen(stretch, batch.value[row]!)
  }
  stretch.minRow = stretch.maxRow = -1
}

function widen(stretch: Stretch, value: number): void {
  if (!(stretch.min <= value)) stretch.min = value
  if (!(stretch.max >= value)) stretch.max = value
}

const copyOf = (stretch: Stretch | undefined): Stretch | undefined => stretch && { ...stretch }

function matcher(pattern: string): (info: TagInfo) => boolean {
  const slash = pattern.indexOf('/')
  const device = glob(slash < 0 ? pattern : pattern.slice(0, slash))
  const tag = slash < 0 ? undefined : glob(pattern.slice(slash + 1))
  return (info) => device.test(info.device) && (tag === undefined || tag.test(info.settings.name))
}

const glob = (pattern: string): RegExp =>
  new RegExp(
    `^${pattern
      .split('*')
      .map((part) => RegExp.escape(part))
      .join('.*')}$`,
    'su',
  )
