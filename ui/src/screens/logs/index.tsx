/** The gateway's own log: live, filtered, paused, taken away; and more of it for a while. */
import { Button, NativeSelect } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useMemo, useState } from 'react'
import { useAccess } from '../../access/context.ts'
import { useAsk } from '../../api/ask.ts'
import { formatCount, formatTime } from '../../format.ts'
import { useLive } from '../../live/context.ts'
import { DetailLayout } from '../../parts/detail-layout.tsx'
import { DataTable, type Column } from '../../parts/data-table.tsx'
import { EmptyState } from '../../parts/empty-state.tsx'
import { FilterInput } from '../../parts/filter-input.tsx'
import { Moment } from '../../parts/moment.tsx'
import { ProblemNote } from '../../parts/problem-note.tsx'
import { changeQuery, hrefOf, useQueryPart } from '../../shell/address.ts'
import { StateMark } from '../../status-mark.tsx'
import { logStrings as strings } from '../../strings/logs.ts'
import { DebugPanel } from './debug-panel.tsx'
import './logs.css'
import { RecordDetail } from './record-detail.tsx'
import { MOST, type LogRecord } from './log-view.ts'
import { useLog, type LogFilter } from './use-log.ts'

const { filters: words, columns: heads } = strings
const LEVELS = ['debug', 'info', 'warn', 'error'] as const
const MARKS = { debug: 'Disabled', info: 'Running', warn: 'Degraded', error: 'Failed' } as const

export default function Logs() {
  const filter = useFilter()
  const [paused, setPaused] = useState(false)
  const [chosen] = useQueryPart('n')
  const log = useLog(filter, paused)
  const open = log.records.find(({ n }) => String(n) === chosen)
  return (
    <>
      <div className="bar">
        <h1 className="screen-title">{strings.title}</h1>
        <span className="state-word" role="status" data-testid="tail">
          <StateMark state={paused ? 'Disabled' : log.state === 'live' ? 'Running' : 'Connecting'} />
          {paused ? strings.paused : { asking: strings.connecting, live: strings.live, lost: strings.lost }[log.state]}
        </span>
        <span className="grow" />
        <Button size="compact-sm" variant="default" aria-pressed={paused} onClick={() => setPaused(!paused)}>
          {paused ? strings.resume : strings.pause}
        </Button>
        <Download filter={filter} format="text" label={strings.download} />
        <Download filter={filter} format="ndjson" label={strings.downloadNdjson} />
      </div>
      <DebugPanel />
      <Filters />
      <ProblemNote error={log.error} />
      <DetailLayout hasDetail={chosen !== ''} width="420px">
        <DataTable
          label={strings.list}
          columns={COLUMNS}
          rows={log.records}
          keyOf={({ n }) => String(n)}
          stateOf={({ n, level }) => (String(n) === chosen ? 'Chosen' : level === 'error' ? 'Failed' : undefined)}
          onOpen={choose}
          rowPx={26}
          fill
          empty={log.state === 'asking' ? undefined : <EmptyState text={strings.empty} />}
        />
        {chosen !== '' && <RecordDetail n={chosen} record={open} isAsking={log.state === 'asking'} />}
      </DetailLayout>
      <Foot log={log} />
    </>
  )
}

function Foot({ log }: { log: ReturnType<typeof useLog> }) {
  return (
    <p className="bar quiet">
      <span>{strings.shown(formatCount(log.records.length))}</span>
      {log.next !== null && log.records.length < MOST && (
        <Button size="compact-xs" variant="default" onClick={log.older}>
          {strings.older}
        </Button>
      )}
      {log.records.length >= MOST && <span>{strings.bound(formatCount(MOST))}</span>}
      {log.dropped > 0 && <span>{strings.dropped(formatCount(log.dropped))}</span>}
      {log.held?.oldestAt != null && (
        <span>{strings.held(formatCount(log.held.records), formatTime(Date.parse(log.held.oldestAt)))}</span>
      )}
    </p>
  )
}

/** The filters of the address; what is typed counts when whoever types has stopped. */
function useFilter(): LogFilter {
  const [text] = useDebouncedValue(useQueryPart('q')[0], 250)
  const [level] = useQueryPart('level')
  const [component] = useQueryPart('component')
  const [device] = useQueryPart('device')
  return useMemo(() => {
    const known = LEVELS.find((one) => one === level)
    return {
      ...(known === undefined ? {} : { level: known }),
      ...(component === '' ? {} : { component }),
      ...(device === '' ? {} : { device }),
      ...(text === '' ? {} : { q: text }),
    }
  }, [text, level, component, device])
}

function Filters() {
  const devices = useLive((store) => store.devices)
  const { state } = useAccess()
  const isLimited = 'user' in state && state.user.limited.includes('diagnose')
  const levels = useAsk('GET /api/v1/logs/levels', {}, { everyMs: 10_000, when: !isLimited })
  return (
    <div className="bar">
      <FilterInput hint={words.hint} />
      <Choice
        name="level"
        label={words.level}
        options={LEVELS.map((value) => ({ value, label: words.levels[value] }))}
      />
      <Choice name="component" label={words.component} options={optionsOf(levels.data?.components ?? [])} />
      <Choice name="device" label={words.device} options={optionsOf(devices.map(({ name }) => name))} />
    </div>
  )
}

const optionsOf = (names: readonly string[]) => names.map((name) => ({ value: name, label: name }))

interface ChoiceProps {
  readonly name: string
  readonly label: string
  readonly options: readonly { readonly value: string; readonly label: string }[]
}

function Choice({ name, label, options }: ChoiceProps) {
  const [value, change] = useQueryPart(name)
  const isKnown = value === '' || options.some((one) => one.value === value)
  return (
    <NativeSelect
      size="xs"
      aria-label={label}
      value={value}
      onChange={(event) => change(event.currentTarget.value)}
      data={[{ value: '', label: `${label}: ${words.all}` }, ...options, ...(isKnown ? [] : [{ value, label: value }])]}
    />
  )
}

function Download({ filter, format, label }: { filter: LogFilter; format: 'text' | 'ndjson'; label: string }) {
  return (
    <Button
      component="a"
      download
      size="compact-sm"
      variant="default"
      href={hrefOf('/api/v1/logs/export', { ...filter, format })}
    >
      {label}
    </Button>
  )
}

const choose = ({ n, time }: LogRecord) => changeQuery({ n: String(n), at: time })

const COLUMNS: readonly Column<LogRecord>[] = [
  {
    id: 'time',
    title: heads.time,
    width: '140px',
    render: (record) => (
      <button type="button" className="text-button" onClick={() => choose(record)}>
        <Moment time={record.time} />
      </button>
    ),
  },
  {
    id: 'level',
    title: heads.level,
    width: '90px',
    render: ({ level }) => (
      <span className="state-word">
        <StateMark state={MARKS[level]} />
        {strings.levels[level]}
      </span>
    ),
  },
  { id: 'component', title: heads.component, width: '110px', render: ({ component }) => component ?? '–' },
  {
    id: 'who',
    title: heads.who,
    width: 'minmax(100px, 160px)',
    render: ({ device, sink }) => <bdi title={device ?? sink ?? undefined}>{device ?? sink ?? '–'}</bdi>,
  },
  {
    id: 'message',
    title: heads.message,
    width: 'minmax(240px, 4fr)',
    render: ({ message }) => <span title={message}>{message}</span>,
  },
]
