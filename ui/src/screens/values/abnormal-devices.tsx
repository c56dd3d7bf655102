/**
 * How the devices are, in one line that is always there, so that nothing moves when one fails: the worst with its reason, or that all run. A
 * click shows only its values, and all of the reason.
 */
import { useMemo } from 'react'
import type { DeviceView, SessionState } from '../../api.ts'
import { formatCount, formatDuration } from '../../format.ts'
import { useLive, useNow } from '../../live/context.ts'
import { hrefOf } from '../../shell/address.ts'
import { Link } from '../../shell/link.tsx'
import { StateMark } from '../../status-mark.tsx'
import { valueWords } from '../../strings/value-words.ts'
import { valuesStrings as words } from '../../strings/values.ts'

const ABNORMAL: readonly SessionState[] = ['Failed', 'Degraded', 'Connecting']

interface Props {
  readonly selected: string | undefined
  onSelect(device: string | undefined): void
}

export function AbnormalDevices({ selected, onSelect }: Props) {
  const devices = useLive((store) => store.devices)
  const abnormal = useMemo(
    () => ABNORMAL.flatMap((state) => devices.filter((device) => device.state === state)),
    [devices],
  )
  const lost = useLive((store) => store.connection.state !== 'open')
  if (devices.length === 0) return null
  const running = devices.filter(({ state }) => state === 'Running').length
  const device = abnormal.find(({ name }) => name === selected) ?? abnormal[0]
  return (
    <div className="abnormal" data-testid="devices">
      {device === undefined ? (
        <p className="state-word quiet">
          <StateMark state={running === 0 ? 'Disabled' : 'Running'} />
          {running === devices.length
            ? words.allRun(formatCount(running))
            : words.someRun(formatCount(running), formatCount(devices.length))}
          {lost && ` (${valueWords.values.lastKnown})`}
        </p>
      ) : (
        <button
          type="button"
          className="abnormal-device"
          aria-pressed={device.name === selected}
          aria-label={`${valueWords.devices.show(device.name)}: ${device.state}`}
          title={device.reason ?? undefined}
          onClick={() => onSelect(device.name === selected ? undefined : device.name)}
        >
          <DeviceLine device={device} />
        </button>
      )}
      {abnormal.length > 1 && <Link href={hrefOf('/devices')}>{words.more(formatCount(abnormal.length - 1))}</Link>}
    </div>
  )
}

function DeviceLine({ device }: { device: DeviceView }) {
  const lost = useLive((store) => store.connection.state !== 'open')
  const now = useNow()
  const { good, total } = device.tags
  const since = valueWords.devices.since(formatDuration(now - Date.parse(device.stateSince)))
  return (
    <>
      <StateMark state={device.state} />
      <span className="abnormal-text">
        <strong>
          <bdi>{device.name}</bdi> {device.state}
        </strong>{' '}
        <span className="quiet">
          {lost ? valueWords.values.lastKnown : since} · {valueWords.devices.tags(good, total)}
        </span>{' '}
        {device.reason}
      </span>
    </>
  )
}
