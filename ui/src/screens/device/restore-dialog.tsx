/** Writes a stored version to the device: first what would be written, then the name of the device, then it is done, read back and told. */
import { TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useDo } from '../../api/ask.ts'
import { call } from '../../api/client.ts'
import { formatCount } from '../../format.ts'
import { Asked } from '../../parts/asked.tsx'
import { Confirm } from '../../parts/confirm.tsx'
import { deviceStrings } from '../../strings/device.ts'
import { RestorationView } from './parameter-results.tsx'

const strings = deviceStrings.parameters
const RESTORE = 'POST /api/v1/devices/{device}/parameters/{set}/restore'

interface Props {
  readonly device: string
  readonly set: string
  readonly version: number
  onClose(): void
}

export function RestoreDialog({ device, set, version, onClose }: Props) {
  const [force, setForce] = useState(false)
  const [reason, setReason] = useState('')
  const params = { device, set }
  const planned = useQuery({
    queryKey: [RESTORE, device, set, version, force],
    gcTime: 0,
    retry: false,
    queryFn: ({ signal }) => call(RESTORE, { params, body: { version, force, dryRun: true }, signal }),
  })
  const restore = useDo(RESTORE, ['GET /api/v1/devices/{device}/parameters'])
  const plan = planned.data
  const count = plan?.parameters.filter(({ state }) => state === 'pending').length ?? 0
  const needsForce = plan !== undefined && plan.identity.verdict !== 'same'
  const write = () =>
    restore.mutate({
      params,
      body: { version, force, dryRun: false, ...(reason === '' ? {} : { reason }) },
    })
  if (restore.data !== undefined)
    return (
      <Confirm
        size="xl"
        title={strings.outcome[restore.data.outcome]}
        text={<RestorationView restoration={restore.data} />}
        label={deviceStrings.parameters.close}
        onConfirm={onClose}
        onClose={onClose}
      />
    )
  return (
    <Confirm
      size="xl"
      title={strings.restoreTitle(set, String(version))}
      text={strings.restoreText}
      label={strings.restoreLabel(formatCount(count))}
      typed={device}
      busy={restore.isPending}
      error={restore.error}
      disabled={count === 0 || plan?.forbidden !== null || (needsForce && !force)}
      onConfirm={write}
      onClose={onClose}
    >
      <Asked query={planned}>{(answer) => <RestorationView restoration={answer} />}</Asked>
      {(needsForce || force) && (
        <label className="flag">
          <input type="checkbox" checked={force} onChange={(event) => setForce(event.currentTarget.checked)} />{' '}
          {strings.force}
        </label>
      )}
      <TextInput
        size="xs"
        mt="sm"
        maxLength={500}
        label={strings.reason}
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
      />
    </Confirm>
  )
}
