/**
 * The live table, virtualised: only the rows in sight exist, and only those whose value, status or age changed render again.
 * On a narrow screen a row becomes a card of two lines.
 */
import { useMediaQuery } from '@mantine/hooks'
import { useVirtualizer } from '@tanstack/react-virtual'
import { useRef } from 'react'
import type { DeviceView } from '../api.ts'
import { formatDuration, zoneOffset } from '../format.ts'
import { useLive, useLiveStore, useNow } from '../live/context.ts'
import type { LiveTag } from '../live/store.ts'
import { useStatusInfo } from '../status.ts'
import { strings } from '../strings.ts'
import { ValueRow } from './value-row.tsx'

interface Props {
  readonly tags: readonly LiveTag[]
  readonly pens: readonly string[]
  onPen(key: string): void
  onFacts(key: string): void
  onWrite(key: string): void
}

const ROW_PX = 34
const CARD_PX = 66

export function ValueTable({ tags, pens, onPen, onFacts, onWrite }: Props) {
  const narrow = useMediaQuery('(max-width: 760px)')
  const scroller = useRef<HTMLDivElement>(null)
  const store = useLiveStore()
  const now = useNow()
  const connected = useLive((store) => store.connection.state !== 'lost')
  useLive((store) => store.version)
  const statusOf = useStatusInfo()
  const size = narrow ? CARD_PX : ROW_PX
  const rows = useVirtualizer({
    count: tags.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => size,
    getItemKey: (index) => tags[index]!.id,
    overscan: 6,
  })
  return (
    <div
      ref={scroller}
      className={narrow ? 'scroller narrow' : 'scroller'}
      role="table"
      tabIndex={0}
      aria-labelledby="values-title"
      aria-rowcount={tags.length + 1}
    >
      <TableHead />
      <div role="rowgroup" style={{ height: rows.getTotalSize(), position: 'relative' }} key={size}>
        {rows.getVirtualItems().map(({ index, start, key }) => {
          const tag = tags[index]!
          return (
            <ValueRow
              key={key}
              tag={tag}
              rowIndex={index + 2}
              top={start}
              value={tag.value}
              text={tag.text}
              status={statusOf(tag.status)}
              time={tag.time}
              age={
                tag.receivedAt === null || tag.value === null
                  ? strings.values.none
                  : formatDuration(now - tag.receivedAt)
              }
              connected={connected}
              pen={pens.indexOf(tag.key)}
              trouble={troubleOf(store.device(tag.device))}
              onPen={onPen}
              onFacts={onFacts}
              onWrite={onWrite}
            />
          )
        })}
      </div>
    </div>
  )
}

function troubleOf(device: DeviceView | undefined): string | null {
  if (device === undefined || device.reason === null) return null
  return strings.values.deviceIs(device.name, device.state, device.reason)
}

function TableHead() {
  const { columns } = strings.values
  const time = columns.time(zoneOffset())
  return (
    <div role="rowgroup" className="table-head">
      <div role="row" className="row" aria-rowindex={1}>
        <span role="columnheader">{columns.device}</span>
        <span role="columnheader">{columns.tag}</span>
        <span role="columnheader" className="right">
          {columns.value}
        </span>
        <span role="columnheader">{columns.unit}</span>
        <span role="columnheader">{columns.status}</span>
        <span role="columnheader">{time}</span>
        <span role="columnheader" className="right">
          {columns.age}
        </span>
        <span role="columnheader">
          <span className="sr-only">{columns.action}</span>
        </span>
      </div>
    </div>
  )
}
