/**
 * Device × minute: one element a device, coloured by its background, of which only those in sight exist. Pointer and arrow keys choose a
 * cell, and the line underneath says it in words.
 */
import { useVirtualizer } from '@tanstack/react-virtual'
import { useRef, useState, type KeyboardEvent, type PointerEvent } from 'react'
import { hrefOf, navigate } from '../../shell/address.ts'
import { Link } from '../../shell/link.tsx'
import { diagnosticStrings } from '../../strings/diagnostics.ts'
import { cellText, percent, RAMP, rowBackground, worstOf, type PollDevice, type PollMinute } from './poll-cells.ts'

const strings = diagnosticStrings.polls
const ROW_PX = 26

interface Props {
  /** Minutes that are looked at; before its start the gateway has none. */
  readonly span: number
  readonly minutes: readonly PollMinute[]
  readonly devices: readonly PollDevice[]
}

export function HeatMap({ span, minutes, devices }: Props) {
  const before = Math.max(0, span - minutes.length)
  const width = before + minutes.length
  const scroller = useRef<HTMLDivElement>(null)
  const [at, setAt] = useState<{ device: number; minute: number }>()
  const virtual = useVirtualizer({
    count: devices.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: 8,
  })
  const go = (device: number, minute: number) => {
    const next = {
      device: Math.max(0, Math.min(devices.length - 1, device)),
      minute: Math.max(0, Math.min(width - 1, minute)),
    }
    setAt(next)
    virtual.scrollToIndex(next.device)
  }
  const onKey = (event: KeyboardEvent) => {
    const { device: row, minute } = at ?? { device: 0, minute: width - 1 }
    const steps: Record<string, readonly [number, number]> = {
      ArrowLeft: [row, minute - 1],
      ArrowRight: [row, minute + 1],
      ArrowUp: [row - 1, minute],
      ArrowDown: [row + 1, minute],
      Home: [row, 0],
      End: [row, width - 1],
    }
    const device = devices[at?.device ?? -1]
    if (event.key === 'Enter' && event.target === event.currentTarget && device !== undefined)
      return navigate(hrefOf('/device', { name: device.name }))
    const step = steps[event.key]
    if (step === undefined) return
    event.preventDefault()
    go(...step)
  }
  const point = (event: PointerEvent<HTMLElement>, device: number) => {
    const box = event.currentTarget.getBoundingClientRect()
    const minute = Math.min(width - 1, Math.floor(((event.clientX - box.left) / box.width) * width))
    if (at?.device !== device || at.minute !== minute) setAt({ device, minute })
  }
  const chosen = at === undefined ? undefined : devices[at.device]
  return (
    <div className="heat">
      <div
        ref={scroller}
        className="heat-scroller"
        role="application"
        aria-label={strings.map}
        aria-describedby="heat-cell"
        tabIndex={0}
        onKeyDown={onKey}
        onFocus={() => at === undefined && go(0, width - 1)}
      >
        <div style={{ height: virtual.getTotalSize(), position: 'relative' }}>
          {virtual.getVirtualItems().map(({ index, start }) => {
            const device = devices[index]!
            const worst = worstOf(device)
            return (
              <div
                key={device.name}
                className="heat-row"
                data-device={device.name}
                style={{ height: ROW_PX, transform: `translateY(${start}px)` }}
              >
                <Link className="clip" tabIndex={-1} href={hrefOf('/device', { name: device.name })}>
                  <bdi>{device.name}</bdi>
                </Link>
                <span
                  className="heat-cells"
                  onPointerDown={(event) => point(event, index)}
                  onPointerMove={(event) => point(event, index)}
                >
                  <span
                    className="heat-colours"
                    style={{ background: rowBackground([...Array<null>(before).fill(null), ...device.duty]) }}
                  />
                  {at?.device === index && (
                    <span
                      className="heat-cursor"
                      style={{ left: `${(at.minute / width) * 100}%`, width: `${100 / width}%` }}
                    />
                  )}
                </span>
                <span className="quiet numbers">{worst === null ? strings.silent : strings.worst(percent(worst))}</span>
              </div>
            )
          })}
        </div>
      </div>
      <Axis before={before} minutes={minutes} />
      <p id="heat-cell" className="heat-cell" role="status" data-testid="cell">
        {chosen === undefined || at === undefined ? (
          <span className="quiet">{strings.point}</span>
        ) : (
          <>
            <strong>{strings.cell(chosen.name, clockAt(minutes, at.minute - before))}</strong>{' '}
            {at.minute < before ? strings.before : cellText(chosen, at.minute - before)}
          </>
        )}
      </p>
      <Legend />
    </div>
  )
}

function Axis({ before, minutes }: { before: number; minutes: readonly PollMinute[] }) {
  const width = before + minutes.length
  const marks = [0, 0.25, 0.5, 0.75].map((part) => Math.floor(part * width))
  return (
    <div className="heat-row heat-axis quiet numbers" aria-hidden="true">
      <span />
      <span className="heat-marks">
        {[...new Set(marks)].map((at) => (
          <span key={at} style={{ left: `${(at / width) * 100}%` }}>
            {clockAt(minutes, at - before)}
          </span>
        ))}
      </span>
      <span />
    </div>
  )
}

/** When the minute at this place begins; places before the first one count back from it. */
function clockAt(minutes: readonly PollMinute[], at: number): string {
  const first = minutes[0]
  if (first === undefined) return ''
  return clockOf(minutes[at]?.from ?? new Date(Date.parse(first.from) + at * 60_000).toISOString())
}

function Legend() {
  return (
    <p className="bar quiet heat-legend">
      <span>{strings.legend}</span>
      <span className="heat-ramp" aria-hidden="true">
        {RAMP.slice(0, 9).map((colour) => (
          <i key={colour} style={{ background: colour }} />
        ))}
      </span>
      <span>
        {percent(0)} … {percent(1)}
      </span>
      <i className="heat-swatch" aria-hidden="true" style={{ background: RAMP[9] }} />
      <span>{strings.legendOver}</span>
      <i className="heat-swatch heat-none" aria-hidden="true" />
      <span>{strings.legendNone}</span>
    </p>
  )
}

export function clockOf(time: string | undefined): string {
  if (time === undefined) return ''
  const at = new Date(time)
  return `${String(at.getHours()).padStart(2, '0')}:${String(at.getMinutes()).padStart(2, '0')}`
}
