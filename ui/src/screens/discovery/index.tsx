/** Looks for devices in networks that the configuration allows; what answers is added by one click. */
import { Button, TextInput } from '@mantine/core'
import { useState } from 'react'
import { useAsk } from '../../api/ask.ts'
import type { Operations } from '../../api/operations.ts'
import { formatCount, formatDuration } from '../../format.ts'
import { useNow } from '../../live/context.ts'
import { Asked } from '../../parts/asked.tsx'
import { DataTable, type Column } from '../../parts/data-table.tsx'
import { EmptyState } from '../../parts/empty-state.tsx'
import '../../parts/fields.css'
import { Panel } from '../../parts/panel.tsx'
import { ProblemNote } from '../../parts/problem-note.tsx'
import { faultsOf } from '../../parts/schema-form/faults.ts'
import { SelectInput } from '../../parts/select-input.tsx'
import { hrefOf } from '../../shell/address.ts'
import { Link } from '../../shell/link.tsx'
import { useMay } from '../../shell/permissions.ts'
import { StateMark } from '../../status-mark.tsx'
import { discoveryStrings as strings } from '../../strings/discovery.ts'
import { numbersOf } from './number-list.ts'
import { startScan, stopScan, useScan, type FoundDevice, type ScanState } from './scan-run.ts'

type Offer = Operations['GET /api/v1/scan']['answer']

const AGAIN_MS = 5000

export default function Discovery() {
  const offer = useAsk('GET /api/v1/scan', {}, { everyMs: AGAIN_MS })
  const scan = useScan()
  return (
    <>
      <h1 className="screen-title">{strings.title}</h1>
      <Asked query={offer}>
        {(answer) => (answer.help === null ? <ScanForm offer={answer} scan={scan} /> : <Off help={answer.help} />)}
      </Asked>
      {scan.state !== 'idle' && <Results scan={scan} />}
    </>
  )
}

function Off({ help }: { help: string }) {
  const mayRead = useMay('config.read')
  return (
    <EmptyState title={strings.off} text={strings.offWhy}>
      <p className="pad">{help}</p>
      {mayRead && <Link href="/configuration">{strings.toConfiguration}</Link>}
    </EmptyState>
  )
}

function ScanForm({ offer, scan }: { offer: Offer; scan: ScanState }) {
  const [driver, setDriver] = useState(offer.drivers[0]?.name ?? '')
  const [given, setGiven] = useState({ networks: '', ports: '', units: '', rate: '', timeout: '' })
  const chosen = offer.drivers.find(({ name }) => name === driver)
  const isRunning = scan.state === 'running'
  const faults = faultsOf(scan.error, '/')
  const faultOf = (name: string) => [...faults].find(([path]) => path.split('.')[0] === name)?.[1]
  const field = (name: keyof typeof given, description: string) => (
    <TextInput
      size="xs"
      label={strings[name]}
      description={description}
      autoComplete="off"
      spellCheck={false}
      error={faultOf(name)}
      value={given[name]}
      onChange={(event) => setGiven({ ...given, [name]: event.currentTarget.value })}
    />
  )
  const start = () => {
    const numbers = (text: string, name: string) => (text.trim() === '' ? {} : { [name]: numbersOf(text) })
    void startScan({
      driver,
      networks: given.networks.split(/[\s,]+/).filter((one) => one !== ''),
      ...numbers(given.ports, 'ports'),
      ...numbers(given.units, 'units'),
      ...(given.rate.trim() === '' ? {} : { rate: Number(given.rate) }),
      ...(given.timeout.trim() === '' ? {} : { timeout: given.timeout.trim() }),
    })
  }
  const other = offer.running !== null && !isRunning ? offer.running : null
  return (
    <Panel title={strings.form}>
      <p className="quiet">{strings.notice}</p>
      <form
        className="tool-form"
        onSubmit={(event) => {
          event.preventDefault()
          start()
        }}
      >
        <div className="fields-grid">
          <SelectInput
            label={strings.driver}
            value={driver}
            choices={offer.drivers.map(({ name }) => ({ value: name, label: name }))}
            onChange={setDriver}
          />
          {field('networks', strings.networksHelp(offer.allowed.join(', ')))}
          {field('ports', strings.portsHelp(chosen?.ports.join(', ') ?? ''))}
          {field('units', strings.unitsHelp)}
          {field('rate', strings.rateHelp(formatCount(offer.most.rate)))}
          {field('timeout', strings.timeoutHelp)}
        </div>
        <div className="bar">
          <Button type="submit" disabled={isRunning || other !== null}>
            {strings.start}
          </Button>
          {isRunning && (
            <Button variant="default" onClick={stopScan}>
              {strings.stop}
            </Button>
          )}
          {other !== null && <span role="status">{strings.runningElsewhere(other.by, other.what)}</span>}
        </div>
      </form>
      <ProblemNote error={scan.error} />
    </Panel>
  )
}

function Results({ scan }: { scan: ScanState }) {
  const now = useNow()
  const { state, startedAt, endedAt, asked, found, at, skipped, reason, what } = scan
  const elapsed = formatDuration((endedAt ?? Math.max(now, startedAt)) - startedAt)
  if (scan.error !== undefined && found.length === 0) return null
  return (
    <Panel
      title={strings.found}
      className="fill"
      actions={
        <span className="quiet numbers" data-testid="scan-progress" role="status">
          {strings.progress(formatCount(asked), formatCount(found.length), elapsed)}
          {at !== null && <> · {strings.at(at)}</>}
        </span>
      }
    >
      <p className="state-word">
        <StateMark state={MARKS[state]} />
        {strings.result[state === 'idle' ? 'running' : state]} {reason !== null && reason}{' '}
        <span className="quiet">{what}</span>
      </p>
      {skipped > 0 && <p className="quiet">{strings.skipped(formatCount(skipped))}</p>}
      <DataTable
        name="found-"
        label={strings.found}
        columns={COLUMNS}
        rows={found}
        keyOf={({ endpoint, device }) => `${endpoint} ${device.name}`}
        empty={<p className="quiet pad">{state === 'running' ? strings.nothing : strings.nothingFound}</p>}
      />
    </Panel>
  )
}

/** One that ended before its time has not seen everything. */
const MARKS = {
  idle: 'Connecting',
  running: 'Connecting',
  done: 'Running',
  interrupted: 'Degraded',
  failed: 'Failed',
} as const

const titles = strings.columns
const identity = (id: 'vendor' | 'product' | 'serial' | 'firmware'): Column<FoundDevice> => ({
  id,
  title: titles[id],
  width: 'minmax(80px, 1fr)',
  render: (found) => <span title={found.identity[id]}>{found.identity[id] ?? ''}</span>,
  sort: (found) => found.identity[id] ?? null,
})

const COLUMNS: readonly Column<FoundDevice>[] = [
  {
    id: 'endpoint',
    title: titles.endpoint,
    width: 'minmax(160px, 1.5fr)',
    render: ({ endpoint }) => <strong>{endpoint}</strong>,
    sort: ({ endpoint }) => endpoint,
  },
  identity('vendor'),
  identity('product'),
  identity('serial'),
  identity('firmware'),
  {
    id: 'notes',
    title: titles.notes,
    width: 'minmax(140px, 2fr)',
    render: ({ notes }) => <span title={notes.join('\n')}>{notes.join('; ')}</span>,
  },
  {
    id: 'tags',
    title: titles.tags,
    width: '56px',
    align: 'right',
    render: ({ device }) => formatCount(device.tags.length),
    sort: ({ device }) => device.tags.length,
  },
  {
    id: 'add',
    title: titles.add,
    width: '72px',
    render: ({ endpoint, device }) => <AddLink endpoint={endpoint} device={device} />,
  },
]

function AddLink({ endpoint, device }: Pick<FoundDevice, 'endpoint' | 'device'>) {
  const may = useMay('config.write')
  if (!may) return null
  return (
    <Link href={hrefOf('/add-device', { device: JSON.stringify(device) })} aria-label={strings.addOf(endpoint)}>
      {strings.add}
    </Link>
  )
}
