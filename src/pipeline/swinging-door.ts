/**
 * Swinging-door compression after Bristol (US 4,669,097): rows that lie on a straight line, within the deviation, between two
 * rows that are passed on are left out; values and times are never changed. The door closes when the newest row can no longer
 * be the end of such a line (here exactly: the line to it must pass every row in between within the deviation, which is
 * stricter than the two door slopes alone); then the row before it is passed on with its own time.
 * A change of status, a row without a value and a value that is no number close the door and pass. A held row is passed on
 * after `maxSilence`, or after a minute where that is not set.
 */
import { HAS_VALUE, HISTORICAL, IS_BIG, IS_BOOLEAN, IS_OTHER, SampleBatch } from '../core/batch.ts'
import { toAbsolute } from '../core/scaling.ts'
import { isBad } from '../core/status.ts'
import type { TagId } from '../core/value.ts'
import { Rota } from './rota.ts'
import { batchesByArrival, columnOf, type StepType } from './step.ts'

const LONGEST_HOLD_MS = 60_000

export const swingingDoor: StepType = {
  name: 'swinging-door',
  needs: (settings) => settings.swingingDoor !== undefined,
  create(tags, { capacity, held }) {
    const ids = tags.map(({ id }) => id)
    const deviation = columnOf(tags, capacity, (settings) => toAbsolute(settings.swingingDoor!, settings))
    const patience = columnOf(tags, capacity, (settings) =>
      Math.min(settings.maxSilenceMs ?? Infinity, LONGEST_HOLD_MS),
    )
    /** The row last passed on; NaN in `anchorTime`: none that a line could start from. */
    const anchorTime = new Float64Array(capacity).fill(NaN)
    const anchorValue = new Float64Array(capacity)
    /** The newest row, held back; NaN in `heldTime`: none. */
    const heldTime = new Float64Array(capacity).fill(NaN)
    const heldValue = new Float64Array(capacity)
    const heldReceivedAt = new Float64Array(capacity)
    /** When the first row after the anchor was held back, monotonic. */
    const since = new Float64Array(capacity)
    const status = new Uint32Array(capacity)
    /** The slopes from the anchor that pass every row held so far within the deviation. */
    const least = new Float64Array(capacity)
    const most = new Float64Array(capacity)
    const rota = new Rota(ids)

    function startFrom(tag: TagId, time: number, value: number): void {
      anchorTime[tag] = time
      anchorValue[tag] = value
      heldTime[tag] = NaN
      least[tag] = -Infinity
      most[tag] = Infinity
    }

    /** Passes the held row on; it becomes the anchor. */
    function release(tag: TagId, out: SampleBatch): void {
      if (Number.isNaN(heldTime[tag])) return
      out.pushNumber(tag, heldValue[tag]!, status[tag]!, heldTime[tag]!, HAS_VALUE)
      startFrom(tag, heldTime[tag]!, heldValue[tag]!)
    }

    /** True when the line from the anchor to this row passes all held rows; the row is then the one that is held. */
    function hold(tag: TagId, time: number, value: number, now: number, receivedAt: number): boolean {
      const span = time - anchorTime[tag]!
      const slope = (value - anchorValue[tag]!) / span
      const isLater = Number.isNaN(heldTime[tag]) ? span > 0 : time > heldTime[tag]!
      if (!isLater || !(slope >= least[tag]! && slope <= most[tag]!)) return false
      const room = deviation[tag]! / span
      least[tag] = Math.max(least[tag]!, slope - room)
      most[tag] = Math.min(most[tag]!, slope + room)
      if (Number.isNaN(heldTime[tag])) since[tag] = now
      heldTime[tag] = time
      heldValue[tag] = value
      heldReceivedAt[tag] = receivedAt
      return true
    }

    /** True when the row is held back; otherwise what was held is passed on before it. */
    function judge(batch: SampleBatch, row: number, now: number, out: SampleBatch): boolean {
      const tag = batch.tag[row]!
      const flags = batch.flags[row]!
      const time = batch.time[row]!
      const value = batch.value[row]!
      const isNumber = (flags & HAS_VALUE) !== 0 && (flags & (IS_BOOLEAN | IS_BIG | IS_OTHER)) === 0
      const fits = isNumber && !isBad(batch.status[row]!) && batch.status[row] === status[tag]
      if (fits && hold(tag, time, value, now, batch.receivedAt)) return confirm(tag, value, batch.receivedAt)
      release(tag, out)
      // After the release the line starts anew from the row that was held, and this row may fit on that one.
      if (fits && hold(tag, time, value, now, batch.receivedAt)) return confirm(tag, value, batch.receivedAt)
      status[tag] = batch.status[row]!
      startFrom(tag, isNumber ? time : NaN, value)
      return false
    }

    /** What the far side knows is confirmed only while the value is still near it. */
    function confirm(tag: TagId, value: number, receivedAt: number): true {
      if (Math.abs(value - anchorValue[tag]!) <= deviation[tag]!) held(tag, receivedAt)
      return true
    }

    const releaseAll = (list: readonly TagId[]) => batchesByArrival(list, heldReceivedAt, release)

    return {
      memory: [anchorTime, anchorValue, heldTime, heldValue, heldReceivedAt, since, status, least, most],
      facts: (tag) => ({
        last: Number.isNaN(anchorTime[tag]) ? undefined : anchorValue[tag],
        held: Number.isNaN(heldTime[tag]) ? undefined : heldValue[tag],
        deviation: deviation[tag]!,
      }),
      apply(batch, now) {
        const out = new SampleBatch(2 * batch.length, batch.receivedAt)
        for (let row = 0; row < batch.length; row++) {
          const judged = deviation[batch.tag[row]!]! >= 0 && (batch.flags[row]! & HISTORICAL) === 0
          if (!judged || !judge(batch, row, now, out)) out.pushRow(batch, row)
        }
        return out
      },
      tick: (now) => releaseAll(rota.next((tag) => heldTime[tag]! > -Infinity && now - since[tag]! >= patience[tag]!)),
      flush: (of) => releaseAll(ids.filter((tag) => heldTime[tag]! > -Infinity && of?.has(tag) !== false)),
      sent(batch, row) {
        const tag = batch.tag[row]!
        if (deviation[tag]! >= 0 && batch.time[row]! > anchorTime[tag]!)
          startFrom(tag, batch.time[row]!, batch.value[row]!)
      },
    }
  },
}
