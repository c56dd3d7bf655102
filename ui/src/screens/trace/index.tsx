/** The protocol trace of one device: started and stopped here, filtered, paused, looked at in hex and in words, taken away. */
import { Button, NativeSelect, Switch } from '@mantine/core'
import { useState } from 'react'
import { formatCount } from '../../format.ts'
import { useLive } from '../../live/context.ts'
import { DetailLayout } from '../../parts/detail-layout.tsx'
import { DataTable, type Column } from '../../parts/data-table.tsx'
import { saveFile } from '../../parts/download.ts'
import { Elapsed } from '../../parts/elapsed.tsx'
import { EmptyState } from '../../parts/empty-state.tsx'
import { FilterInput } from '../../parts/filter-input.tsx'
import { ProblemNote } from '../../parts/problem-note.tsx'
import { changeQuery, useAddress, useQueryPart } from '../../shell/address.ts'
import { Link } from '../../shell/link.tsx'
import { StateMark } from '../../status-mark.tsx'
import { partStrings } from '../../strings/parts.ts'
import { traceStrings as strings } from '../../strings/trace.ts'
import { ExchangeDetail } from './exchange-detail.tsx'
import { filterExchanges, linesOf, timeOf, type TraceFilter } from './exchanges.ts'
import { TraceControl } from './trace-control.tsx'
import './trace.css'
import { useTrace, type Exchange } from './use-trace.ts'

const { columns: heads, filters: words } = strings

export default function Trace() {
  const devices = useLive((store) => store.devices)
  const [device] = useQueryPart('device')
  return (
    <>
      <div className="bar">
        <h1 className="screen-title">{strings.title}</h1>
        <NativeSelect
          size="xs"
          className="trace-device"
          aria-label={strings.device}
          value={device}
          onChange={(event) => changeQuery({ device: event.currentTarget.value || undefined, n: undefined })}
          data={[
            { value: '', label: strings.choose },
            ...devices.map(({ name }) => name),
            ...(device === '' || devices.some(({ name }) => name === device) ? [] : [device]),
          ]}
        />
      </div>
      {device === '' ? (
        <EmptyState title={strings.choose} text={devices.length === 0 ? strings.noDevices : strings.chooseWhy}>
          {devices.length === 0 && <Link href="/add-device">{strings.addDevice}</Link>}
        </EmptyState>
      ) : (
        <DeviceTrace key={device} device={device} />
      )}
    </>
  )
}

function DeviceTrace({ device }: { device: string }) {
  const [paused, setPaused] = useState(false)
  const { status, exchanges, error, askAgain } = useTrace(device, paused)
  const { filter, chosen } = useChosen()
  const shown = filterExchanges(exchanges, filter).reverse()
  const begin = () => {
    setPaused(false)
    askAgain()
  }
  const open = exchanges.find(({ number }) => String(number) === chosen)
  return (
    <>
      <ProblemNote error={error} />
      {status === undefined && error === null && <Elapsed label={partStrings.loading} />}
      {status !== undefined && <TraceControl device={device} status={status} onChanged={begin} />}
      {status?.startedAt != null && (
        <>
          <Filters exchanges={exchanges} />
          <div className="bar">
            <Button size="compact-xs" variant="default" aria-pressed={paused} onClick={() => setPaused(!paused)}>
              {paused ? strings.resume : strings.pause}
            </Button>
            {paused && <span className="quiet">{strings.paused}</span>}
            <span className="quiet">{strings.shown(formatCount(shown.length), formatCount(exchanges.length))}</span>
            <span className="grow" />
            <Button
              component="a"
              download
              size="compact-xs"
              variant="default"
              title={strings.pcapngHint}
              href={`/api/v1/devices/${encodeURIComponent(device)}/trace.pcapng`}
            >
              {strings.pcapng}
            </Button>
            <Button
              size="compact-xs"
              variant="default"
              title={strings.textHint}
              onClick={() => saveFile(`${device.replaceAll(/[^\w.-]+/g, '_')}-trace.txt`, new Blob([linesOf(shown)]))}
            >
              {strings.text}
            </Button>
          </div>
          <DetailLayout hasDetail={open !== undefined} width="520px">
            <DataTable
              label={strings.list}
              columns={COLUMNS}
              rows={shown}
              keyOf={({ number }) => String(number)}
              stateOf={({ number, error: wrong }) =>
                String(number) === chosen ? 'Chosen' : wrong === null ? undefined : 'Failed'
              }
              onOpen={({ number }) => changeQuery({ n: String(number) })}
              rowPx={46}
              fill
              empty={<EmptyState text={exchanges.length === 0 ? strings.nothing : strings.noMatch} />}
            />
            {open !== undefined && <ExchangeDetail exchange={open} />}
          </DetailLayout>
        </>
      )}
    </>
  )
}

/** What of the address is about what is shown: the filters, and the exchange that is looked at. */
function useChosen(): { readonly filter: TraceFilter; readonly chosen: string | null } {
  const { query } = useAddress()
  const filter = {
    text: query.get('q') ?? '',
    code: query.get('function') ?? '',
    errorsOnly: query.get('errors') === '1',
  }
  return { filter, chosen: query.get('n') }
}

function Filters({ exchanges }: { exchanges: readonly Exchange[] }) {
  const [code, setCode] = useQueryPart('function')
  const [errors, setErrors] = useQueryPart('errors')
  const codes = [...new Set(exchanges.map((one) => one.function).filter((one) => one !== null))].sort((a, b) => a - b)
  return (
    <div className="bar">
      <FilterInput hint={words.hint} />
      <NativeSelect
        size="xs"
        aria-label={words.function}
        value={code}
        onChange={(event) => setCode(event.currentTarget.value)}
        data={[
          { value: '', label: `${words.function}: ${words.any}` },
          ...codes.map((one) => ({ value: String(one), label: `${words.function} ${one}` })),
          ...(code === '' || codes.includes(Number(code)) ? [] : [{ value: code, label: `${words.function} ${code}` }]),
        ]}
      />
      <Switch
        size="sm"
        label={words.errors}
        checked={errors === '1'}
        onChange={(event) => setErrors(event.currentTarget.checked ? '1' : '')}
      />
    </div>
  )
}

const COLUMNS: readonly Column<Exchange>[] = [
  { id: 'number', title: heads.number, width: '64px', align: 'right', render: NumberOf },
  { id: 'time', title: heads.time, width: '110px', render: ({ time }) => <time title={time}>{timeOf(time)}</time> },
  { id: 'unit', title: heads.unit, width: '44px', align: 'right', render: ({ unit }) => unit ?? '–' },
  { id: 'function', title: heads.function, width: '66px', align: 'right', render: (one) => one.function ?? '–' },
  {
    id: 'text',
    title: heads.text,
    width: 'minmax(260px, 2fr)',
    render: ({ request, response, error }) => (
      <span className="two-lines">
        <span title={request?.text}>
          <b>{strings.tx}</b> {request?.text ?? <span className="quiet">{strings.unasked}</span>}
        </span>
        {error === null ? (
          <span title={response?.text}>
            <b>{strings.rx}</b> {response?.text ?? <span className="quiet">{strings.noAnswer}</span>}
          </span>
        ) : (
          <span title={error}>
            <b>{strings.rx}</b> <StateMark state="Failed" /> {error}
          </span>
        )}
      </span>
    ),
  },
  {
    id: 'hex',
    title: heads.hex,
    width: 'minmax(220px, 1.6fr)',
    wide: true,
    render: ({ request, response }) => (
      <span className="two-lines exchange-hex">
        <span title={request?.hex}>{spaced(request?.hex)}</span>
        <span title={response?.hex}>{spaced(response?.hex)}</span>
      </span>
    ),
  },
  {
    id: 'round',
    title: heads.round,
    width: '92px',
    align: 'right',
    sort: ({ roundTripMs }) => roundTripMs,
    render: ({ roundTripMs }) => (roundTripMs === null ? '–' : strings.ms(roundTripMs.toFixed(2))),
  },
]

function NumberOf({ number }: Exchange) {
  return (
    <button type="button" className="text-button" onClick={() => changeQuery({ n: String(number) })}>
      {formatCount(number)}
    </button>
  )
}

/** What fits a row; all of it is in the detail. */
const spaced = (hex: string | undefined): string => hex?.replaceAll(' ', '').slice(0, 160).replace(/(..)(?=.)/g, '$1 ') ?? '–' // prettier-ignore
