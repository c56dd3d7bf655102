/** One device of the OPC UA driver in a test, and what comes of its tags. */
import { SampleBatch, type Sample } from '../core/batch.ts'
import type { Driver, Point } from '../core/driver.ts'
import { silentLog, type Log } from '../core/log.ts'
import { statusName } from '../core/status.ts'
import type { TagSettings } from '../core/tags.ts'
import { opcua } from '../drivers/opcua/driver.ts'
import { pointsOf, tagOf, testContext } from './driver-suite.ts'
import { eventually, type Cleanup } from './peers.ts'

/** An event as its tag has it; fields as the test needs them. */
export type HeardEvent = Readonly<Record<string, unknown>> & {
  readonly id: string
  readonly message: string
  readonly condition?: Readonly<Record<string, unknown>>
}

export interface OpcuaRig {
  readonly device: Driver<unknown>
  readonly points: readonly Point<unknown>[]
  /** All rows so far. */
  readonly rows: readonly Sample[]
  /** Warnings and information so far. */
  readonly said: readonly string[]
  /** Statuses of the rows without a value of a tag (its number from 1 on). */
  statuses(tag: number): string[]
  /** Events of a tag so far. */
  events(tag: number): HeardEvent[]
  /** The first event of a tag that is there or comes. */
  heard(tag: number, matches: (event: HeardEvent) => boolean): Promise<HeardEvent>
  /** Writes JSON to a tag; the status by its name, and what was remarked. */
  command(tag: number, json: object | string): Promise<readonly [status: string, remark: string]>
}

/** Opens it without security and subscribes to the tags; closed when the test ends. */
export async function openOpcua(
  t: Cleanup,
  url: string,
  tags: readonly (string | TagSettings)[],
  options: Record<string, unknown> = {},
): Promise<OpcuaRig> {
  const said: string[] = []
  const write = (_fields: object, sentence: string) => void said.push(sentence)
  const log: Log = { ...silentLog, info: write, warn: write, child: () => log }
  const settings = { endpoint: url, securityPolicy: 'None', securityMode: 'None', ...options }
  const device: Driver<unknown> = opcua.create(opcua.options.parse(settings), { ...testContext('plc'), log })
  t.after(() => device.close())
  const signal = AbortSignal.timeout(60_000)
  await device.connect(signal)
  const points = pointsOf(
    opcua,
    tags.map((tag) => (typeof tag === 'string' ? tagOf(tag, 'string', { everyMs: 100 }) : tag)),
  )
  const rows: Sample[] = []
  device.subscribe!(points, (batch: SampleBatch) => void rows.push(...batch), signal).catch(() => {})
  const of = (tag: number) => rows.filter((row) => row.tag === tag)
  const events = (tag: number) =>
    of(tag).flatMap(({ value }) => (typeof value === 'string' ? [JSON.parse(value) as HeardEvent] : []))
  await eventually('every tag has a row', () => points.every(({ tag }) => of(tag).length > 0))
  return {
    device,
    points,
    rows,
    said,
    statuses: (tag) => of(tag).flatMap(({ value, status }) => (value === undefined ? [statusName(status)] : [])),
    events,
    async heard(tag, matches) {
      await eventually(`an event of tag ${tag}`, () => events(tag).some(matches))
      return events(tag).find(matches)!
    },
    async command(tag, json) {
      const remarks: string[] = []
      const watch = { begin: () => true, remark: (sentence: string) => void remarks.push(sentence) }
      const value = typeof json === 'string' ? json : JSON.stringify(json)
      const [status] = await device.write([{ point: points[tag - 1]!, value, watch }], signal)
      return [statusName(status!), remarks.join(' ')]
    },
  }
}
