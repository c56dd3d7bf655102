/**
 * Devices with state, since when, last good read and reason. Choosing one filters the table. A long list is virtualised and
 * shows what is abnormal first.
 */
import { useVirtualizer } from '@tanstack/react-virtual'
import { useMemo, useRef, type ReactNode } from 'react'
import type { DeviceView, SessionState } from './api.ts'
import { formatCount, formatDuration } from './format.ts'
import { useLive, useLiveStore, useNow } from './live/context.ts'
import { StateMark } from './status-mark.tsx'
import { strings } from './strings.ts'

interface Props {
  readonly selected: string | undefined
  onSelect(device: string | undefined): void
}

/** From here on the list scrolls within itself and is sorted. */
const LONG_LIST = 12
const CARD_PX = 78
const GAP_PX = 6
const ABNORMAL: readonly SessionState[] = ['Failed', 'Degraded', 'Connecting', 'Disabled']

export function DevicePanel({ selected, onSelect }: Props) {
  const devices = useLive((store) => store.devices)
  const loaded = useLive((store) => store.snapshots > 0)
  const lost = useLive((store) => store.connection.state === 'lost')
  const now = useNow()
  const shown = useMemo(() => (devices.length > LONG_LIST ? worstFirst(devices) : devices), [devices])
  const card = (device: DeviceView) => (
    <button
      type="button"
      className={lost ? 'card aged' : 'card'}
      aria-pressed={device.name === selected}
      aria-label={`${strings.devices.show(device.name)}: ${device.state}`}
      onClick={() => onSelect(device.name === selected ? undefined : device.name)}
    >
      <DeviceCard device={device} now={now} lost={lost} />
    </button>
  )
  return (
    <section className="panel" aria-labelledby="devices-title">
      <h2 id="devices-title">
        {strings.devices.title} <span className="quiet">{devices.length > 0 && formatCount(devices.length)}</span>
      </h2>
      {devices.length > LONG_LIST && <StateCounts devices={devices} />}
      {loaded && devices.length === 0 && <p className="quiet">{strings.devices.empty}</p>}
      {devices.length > LONG_LIST ? (
        <LongList devices={shown} card={card} />
      ) : (
        <ul className="cards" data-testid="devices">
          {shown.map((device) => (
            <li key={device.name}>{card(device)}</li>
          ))}
        </ul>
      )}
    </section>
  )
}

interface LongListProps {
  readonly devices: readonly DeviceView[]
  card(device: DeviceView): ReactNode
}

function LongList({ devices, card }: LongListProps) {
  const scroller = useRef<HTMLUListElement>(null)
  const rows = useVirtualizer({
    count: devices.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => CARD_PX,
    getItemKey: (index) => devices[index]!.name,
    gap: GAP_PX,
    overscan: 4,
  })
  return (
    <ul ref={scroller} className="cards long" data-testid="devices" tabIndex={0} aria-labelledby="devices-title">
      <li aria-hidden="true" style={{ height: rows.getTotalSize(), flex: 'none' }} />
      {rows.getVirtualItems().map(({ index, key, start }) => (
        <li
          key={key}
          ref={rows.measureElement}
          data-index={index}
          aria-setsize={devices.length}
          aria-posinset={index + 1}
          style={{ position: 'absolute', top: 0, left: 0, right: 0, transform: `translateY(${start}px)` }}
        >
          {card(devices[index]!)}
        </li>
      ))}
    </ul>
  )
}

/** How many devices are in each abnormal state. */
function StateCounts({ devices }: { devices: readonly DeviceView[] }) {
  return (
    <p className="bar" data-testid="device-states">
      {ABNORMAL.map((state) => ({ state, count: devices.filter((device) => device.state === state).length }))
        .filter(({ count }) => count > 0)
        .map(({ state, count }) => (
          <span key={state} className="state-word">
            <StateMark state={state} />
            {strings.devices.inState(formatCount(count), state)}
          </span>
        ))}
    </p>
  )
}

function DeviceCard({ device, now, lost }: { device: DeviceView; now: number; lost: boolean }) {
  const store = useLiveStore()
  const { good, total } = device.tags
  const goodAt = store.lastGoodAt(device)
  return (
    <>
      <span className="card-head">
        <StateMark state={device.state} />
        <strong dir="auto">{device.name}</strong>
        <span className="grow" />
        <span className="card-state" title={device.stateSince}>
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
        <span title={goodAt === undefined ? undefined : new Date(goodAt).toISOString()}>
          {goodAt === undefined ? strings.devices.neverGood : strings.devices.lastGood(formatDuration(now - goodAt))}
        </span>
      </span>
    </>
  )
}

/** Abnormal states in order of their weight, then the others as they stand. */
function worstFirst(devices: readonly DeviceView[]): readonly DeviceView[] {
  const abnormal = ABNORMAL.flatMap((state) => devices.filter((device) => device.state === state))
  return [...abnormal, ...devices.filter((device) => device.state === 'Running')]
}

const since = (iso: string, now: number): string => strings.devices.since(formatDuration(now - Date.parse(iso)))
