/** Devices with state, since when, last good poll and reason. Choosing one filters the table. */
import type { DeviceView } from './api.ts'
import { formatCount, formatDuration } from './format.ts'
import { useLive, useNow } from './live/context.ts'
import { StateMark } from './status-mark.tsx'
import { strings } from './strings.ts'

interface Props {
  readonly selected: string | undefined
  onSelect(device: string | undefined): void
}

export function DevicePanel({ selected, onSelect }: Props) {
  const devices = useLive((store) => store.devices)
  const loaded = useLive((store) => store.snapshots > 0)
  const lost = useLive((store) => store.connection.state === 'lost')
  const now = useNow()
  return (
    <section className="panel" aria-labelledby="devices-title">
      <h2 id="devices-title">
        {strings.devices.title} <span className="quiet">{devices.length > 0 && formatCount(devices.length)}</span>
      </h2>
      {loaded && devices.length === 0 && <p className="quiet">{strings.devices.empty}</p>}
      <ul className="cards" data-testid="devices" tabIndex={devices.length > 12 ? 0 : undefined}>
        {devices.map((device) => (
          <li key={device.name}>
            <button
              type="button"
              className={lost ? 'card aged' : 'card'}
              aria-pressed={device.name === selected}
              aria-label={`${strings.devices.show(device.name)}: ${device.state}`}
              onClick={() => onSelect(device.name === selected ? undefined : device.name)}
            >
              <DeviceCard device={device} now={now} lost={lost} />
            </button>
          </li>
        ))}
      </ul>
    </section>
  )
}

function DeviceCard({ device, now, lost }: { device: DeviceView; now: number; lost: boolean }) {
  const { good, total } = device.tags
  return (
    <>
      <span className="card-head">
        <StateMark state={device.state} />
        <strong>{device.name}</strong>
        <span className="grow" />
        <span title={device.stateSince}>
          {device.state}{' '}
          <span className="quiet">{lost ? strings.values.lastKnown : since(device.stateSince, now)}</span>
        </span>
      </span>
      {device.reason !== null && <span className="card-reason">{device.reason}</span>}
      <span className="quiet card-line">
        {device.driver} · {device.endpoint}
      </span>
      <span className="quiet card-line">
        {good < total ? <strong>{strings.devices.tags(good, total)}</strong> : strings.devices.tags(good, total)}
        {' · '}
        <span title={device.lastGoodAt ?? undefined}>{lastGood(device.lastGoodAt, now)}</span>
      </span>
    </>
  )
}

const since = (iso: string, now: number): string => strings.devices.since(formatDuration(now - Date.parse(iso)))

const lastGood = (iso: string | null, now: number): string =>
  iso === null ? strings.devices.neverGood : strings.devices.lastGood(formatDuration(now - Date.parse(iso)))
