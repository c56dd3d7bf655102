/** The parameter sets of a device: read, kept as versions, compared with the device, and written back with both sides in sight before. */
import { useAsk } from '../../api/ask.ts'
import { Asked } from '../../parts/asked.tsx'
import { EmptyState } from '../../parts/empty-state.tsx'
import { deviceStrings } from '../../strings/device.ts'
import { ParameterSet } from './parameter-set.tsx'

export default function ParametersTab({ name }: { name: string }) {
  const sets = useAsk('GET /api/v1/devices/{device}/parameters', { params: { device: name } })
  return (
    <Asked query={sets}>
      {(answer) =>
        answer.sets.length === 0 ? (
          <EmptyState text={deviceStrings.parameters.none} />
        ) : (
          answer.sets.map((set) => <ParameterSet key={set.set} device={name} set={set} />)
        )
      }
    </Asked>
  )
}
