/**
 * The newest records of the gateway's own log, in memory: bounded by lines and by bytes, the oldest make room. Secrets are blanked before a
 * record gets here, by the same code as in the log itself.
 */
import { ecsFields } from '../ecs-fields.ts'
import type { LogLevel } from '../log.ts'
import { redactText } from '../redact.ts'
import { Slice } from '../../core/slice.ts'

/** A record as it is kept and shown. */
export interface LogRecord {
  /** Counts up from 1 with each record since the start. */
  readonly n: number
  /** ms since 1970. */
  readonly time: number
  readonly level: Exclude<LogLevel, 'silent'>
  /** Which part of the gateway speaks: polling, sink, http. */
  readonly component: string | undefined
  readonly device: string | undefined
  readonly sink: string | undefined
  readonly message: string
  /** What else it says, as JSON with the names of ECS. */
  readonly fieldsText: string
}

/** Which records are wanted; what is absent lets everything through. */
export interface LogFilter {
  /** This level and what is worse. */
  readonly level?: LogRecord['level'] | undefined
  readonly component?: string | undefined
  readonly device?: string | undefined
  readonly sink?: string | undefined
  /** In message or fields, whatever the case. */
  readonly q?: string | undefined
  /** Only greater numbers. */
  readonly after?: number | undefined
  /** Which devices' records are shown; with it, records of no device are not. */
  readonly sight?: ((device: string) => boolean) | undefined
}

export interface RingBounds {
  readonly lines: number
  readonly bytes: number
}

const BOUNDS: RingBounds = { lines: 5000, bytes: 4 * 2 ** 20 }
const MESSAGE_LIMIT = 4096
const FIELDS_LIMIT = 16_384
/** What a record takes beside its texts. */
const RECORD_BYTES = 200
const RANK = { debug: 0, info: 1, warn: 2, error: 3 } as const
/** Records between two looks at the time, in a search. */
const STRIDE = 200

export class LogRing {
  readonly bounds: RingBounds
  /** The record n is at n modulo `lines`. */
  readonly #slots: (LogRecord | undefined)[] = []
  #oldest = 1
  #next = 1
  #bytes = 0
  readonly #listeners = new Set<(record: LogRecord) => void>()

  constructor(bounds: RingBounds = BOUNDS) {
    this.bounds = bounds
  }

  get oldest(): number {
    return this.#oldest
  }

  /** The number of the next record. */
  get next(): number {
    return this.#next
  }

  /** The components of the records that are held, in order. */
  get components(): string[] {
    const names = new Set<string>()
    for (const record of this.#slots) if (record?.component !== undefined) names.add(record.component)
    return [...names].sort().slice(0, 200)
  }

  /** ms since 1970; undefined: there is none. */
  get oldestTime(): number | undefined {
    return this.#slots[this.#oldest % this.bounds.lines]?.time
  }

  get bytes(): number {
    return this.#bytes
  }

  add(
    time: number,
    level: LogRecord['level'],
    fields: Readonly<Record<string, unknown>>,
    sentence: string,
    erase: (text: string) => string = (text) => text,
  ): void {
    const { component, device, sink, logger, ...rest } = fields
    const record: LogRecord = {
      n: this.#next,
      time,
      level,
      component: nameOf(component ?? logger),
      device: nameOf(device),
      sink: nameOf(sink),
      message: cut(erase(redactText(sentence)), MESSAGE_LIMIT),
      fieldsText: fieldsText(rest, erase),
    }
    const { lines, bytes } = this.bounds
    const size = sizeOf(record)
    while (this.#oldest < this.#next && (this.#next - this.#oldest >= lines || this.#bytes + size > bytes))
      this.#forgetOldest()
    this.#slots[record.n % lines] = record
    this.#bytes += size
    this.#next++
    for (const listener of this.#listeners) listener(record)
  }

  /** Hears every record from now on; returns how to stop that. */
  listen(listener: (record: LogRecord) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Records that match, newest first, below the number `before`: `limit` at most, and the number below which more may be found. */
  async newest(
    filter: LogFilter,
    limit: number,
    before = Infinity,
  ): Promise<{ readonly records: LogRecord[]; readonly next: number | null }> {
    const matches = matcherOf(filter)
    const records: LogRecord[] = []
    const slice = new Slice()
    const least = (filter.after ?? 0) + 1
    for (let n = Math.min(before, this.#next) - 1; n >= Math.max(least, this.#oldest); n--) {
      const record = this.#slots[n % this.bounds.lines]!
      if (matches(record)) {
        if (records.length === limit) return { records, next: n + 1 }
        records.push(record)
      }
      if (n % STRIDE === 0) await slice.breathe()
    }
    return { records, next: null }
  }

  /** Records that match, oldest first, as they are at the moment when they are asked for; never waits for new ones. */
  *oldestFirst(filter: LogFilter): Generator<LogRecord> {
    const matches = matcherOf(filter)
    for (let n = Math.max(this.#oldest, (filter.after ?? 0) + 1); n < this.#next; n++) {
      // Whoever takes its time may find that the ring has gone on.
      n = Math.max(n, this.#oldest)
      const record = this.#slots[n % this.bounds.lines]!
      if (matches(record)) yield record
    }
  }

  #forgetOldest(): void {
    const at = this.#oldest % this.bounds.lines
    this.#bytes -= sizeOf(this.#slots[at]!)
    this.#slots[at] = undefined
    this.#oldest++
  }
}

/** Whether a record is wanted. */
export function matcherOf(filter: LogFilter): (record: LogRecord) => boolean {
  const { level, component, device, sink, sight } = filter
  const least = level === undefined ? 0 : RANK[level]
  const q = filter.q?.toLowerCase()
  return (record) =>
    RANK[record.level] >= least &&
    (component === undefined || record.component === component) &&
    (device === undefined || record.device === device) &&
    (sink === undefined || record.sink === sink) &&
    (sight === undefined || (record.device !== undefined && sight(record.device))) &&
    (q === undefined || record.message.toLowerCase().includes(q) || record.fieldsText.toLowerCase().includes(q))
}

const nameOf = (value: unknown): string | undefined => (typeof value === 'string' ? cut(value, 1024) : undefined)

const sizeOf = ({ message, fieldsText: text }: LogRecord): number => 2 * (message.length + text.length) + RECORD_BYTES

const cut = (text: string, limit: number): string => (text.length <= limit ? text : `${text.slice(0, limit - 1)}…`)

function fieldsText(fields: object, erase: (text: string) => string): string {
  const text = JSON.stringify(ecsFields(fields, erase))
  if (text.length <= FIELDS_LIMIT) return text
  return JSON.stringify({ 'bifrost.leftOut': `fields of ${text.length} characters, too long to be kept` })
}
