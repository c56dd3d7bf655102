/**
 * A lost connection with a value in hand: BadNoCommunication becomes UncertainNoCommunicationLastUsableValue for tags that
 * had a usable value (OPC 10000-8, 6.3: "last usable value").
 */
import { HAS_VALUE, HISTORICAL, type SampleBatch } from '../core/batch.ts'
import { isBad, Status } from '../core/status.ts'
import type { StepType } from './step.ts'

export const lastUsable: StepType = {
  name: 'last-usable',
  needs: () => true,
  create(_tags, { capacity }) {
    const known = new Uint8Array(capacity)
    return {
      memory: [known],
      apply(batch: SampleBatch) {
        for (let row = 0; row < batch.length; row++) {
          const tag = batch.tag[row]!
          const status = batch.status[row]!
          const flags = batch.flags[row]!
          if (flags & HAS_VALUE) {
            if (!isBad(status) && (flags & HISTORICAL) === 0) known[tag] = 1
          } else if (status === Status.BadNoCommunication && known[tag] === 1) {
            batch.status[row] = Status.UncertainNoCommunicationLastUsableValue
          }
        }
        return batch
      },
    }
  },
}
