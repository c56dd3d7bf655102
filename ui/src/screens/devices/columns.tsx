/** The columns of the list of devices. Ages tick by themselves, so that a second passing does not sort ten thousand rows anew. */
import type { DeviceView } from '../../api.ts'
import { formatCount, formatDuration, formatMoment } from '../../format.ts'
import { useLiveStore, useNow } from '../../live/context.ts'
import type { Column } from '../../parts/data-table.tsx'
import { Link } from '../../shell/link.tsx'
import { hrefOf } from '../../shell/address.ts'
import { maintenanceText } from '../../parts/maintenance-text.ts'
import { StateMark } from '../../status-mark.tsx'
import { deviceListStrings as strings } from '../../strings/devices.ts'
import { maintenanceWords } from '../../strings/maintenance.ts'

const titles = strings.columns

/** From here on a device is about to be too slow for its interval. */
const FULL = 0.9

export const COLUMNS: readonly Column<DeviceView>[] = [
  {
    id: 'name',
    title: titles.name,
    width: 'minmax(140px, 2fr)',
    render: ({ name, maintenance }) => (
      <>
        <Link href={hrefOf('/device', { name })} dir="auto" title={name}>
          {name}
        </Link>
        {maintenance !== null && (
          <span className="badge" title={maintenanceText(maintenance)}>
            {maintenanceWords.badge}
          </span>
        )}
      </>
    ),
    sort: ({ name }) => name,
  },
  {
    id: 'state',
    title: titles.state,
    width: '112px',
    render: ({ state, reason }) => (
      <span className="state-word" title={reason ?? undefined}>
        <StateMark state={state} /> {state}
      </span>
    ),
    sort: ({ state }) => state,
  },
  {
    id: 'since',
    title: titles.since,
    width: '64px',
    align: 'right',
    render: ({ stateSince }) => <Since time={Date.parse(stateSince)} />,
    // The longest first, as the ages read.
    sort: ({ stateSince }) => -Date.parse(stateSince),
  },
  { id: 'driver', title: titles.driver, width: '90px', render: ({ driver }) => driver, sort: ({ driver }) => driver },
  {
    id: 'endpoint',
    title: titles.endpoint,
    width: 'minmax(130px, 1.5fr)',
    render: ({ endpoint }) => <span title={endpoint}>{endpoint}</span>,
    sort: ({ endpoint }) => endpoint,
  },
  {
    id: 'lastGood',
    title: titles.lastGood,
    width: '84px',
    align: 'right',
    render: (device) => <LastGood device={device} />,
    sort: ({ lastGoodAt }) => (lastGoodAt === null ? null : -Date.parse(lastGoodAt)),
  },
  {
    id: 'p50',
    title: titles.p50,
    width: '64px',
    align: 'right',
    wide: true,
    render: ({ pollMs }) => formatMs(pollMs.p50),
    sort: ({ pollMs }) => pollMs.p50,
  },
  {
    id: 'p95',
    title: titles.p95,
    width: '64px',
    align: 'right',
    render: ({ pollMs }) => formatMs(pollMs.p95),
    sort: ({ pollMs }) => pollMs.p95,
  },
  {
    id: 'good',
    title: titles.good,
    width: '92px',
    align: 'right',
    render: ({ tags }) => strings.ofTotal(formatCount(tags.good), formatCount(tags.total)),
    sort: ({ tags }) => tags.good,
  },
  {
    id: 'bad',
    title: titles.bad,
    width: '70px',
    align: 'right',
    render: ({ tags }) => {
      const count = tags.total - tags.good
      return count === 0 ? <span className="quiet">0</span> : <strong>{formatCount(count)}</strong>
    },
    sort: ({ tags }) => tags.total - tags.good,
  },
  {
    id: 'duty',
    title: titles.duty,
    width: '64px',
    align: 'right',
    render: ({ duty }) => <Duty share={duty} />,
    sort: ({ duty }) => duty,
  },
  {
    id: 'enabled',
    title: titles.enabled,
    width: '64px',
    wide: true,
    render: ({ enabled }) => (enabled ? strings.yes : strings.no),
    sort: ({ enabled }) => (enabled ? 0 : 1),
  },
  {
    id: 'reason',
    title: titles.reason,
    width: 'minmax(160px, 3fr)',
    hidden: true,
    render: ({ reason }) => <span title={reason ?? undefined}>{reason ?? ''}</span>,
    sort: ({ reason }) => reason,
  },
]

function Since({ time }: { time: number }) {
  const now = useNow()
  return <span title={formatMoment(time)}>{formatDuration(now - time)}</span>
}

function LastGood({ device }: { device: DeviceView }) {
  const store = useLiveStore()
  const now = useNow()
  const at = store.lastGoodAt(device)
  if (at === undefined) return <span className="quiet">{strings.never}</span>
  return <span title={formatMoment(at)}>{strings.ago(formatDuration(now - at))}</span>
}

export function Duty({ share }: { share: number | null }) {
  if (share === null) return <span className="quiet">–</span>
  const text = strings.duty(share < 0.1 ? (share * 100).toFixed(1) : String(Math.round(share * 100)))
  return <span title={strings.dutyHint}>{share >= FULL ? <strong>{text}</strong> : text}</span>
}

export const formatMs = (ms: number | null): string => (ms === null ? '–' : ms < 10 ? ms.toFixed(1) : ms.toFixed(0))
