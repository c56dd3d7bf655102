/** All devices: what each does, since when, how well; filters that can be linked; enabled and disabled together. */
import { Button } from '@mantine/core'
import { useMemo, useState } from 'react'
import type { DeviceView } from '../../api.ts'
import { formatCount } from '../../format.ts'
import { useLive } from '../../live/context.ts'
import { SaveEdits, type ConfigEdit } from '../../parts/config-change/save-edits.tsx'
import { DataTable } from '../../parts/data-table.tsx'
import { EmptyState } from '../../parts/empty-state.tsx'
import { FilterInput, matchesWords } from '../../parts/filter-input.tsx'
import { SelectInput } from '../../parts/select-input.tsx'
import { changeQuery, hrefOf, navigate, useAddress, useQueryPart } from '../../shell/address.ts'
import { Link } from '../../shell/link.tsx'
import { useMay } from '../../shell/permissions.ts'
import { StateMark } from '../../status-mark.tsx'
import { deviceListStrings as strings } from '../../strings/devices.ts'
import { partStrings } from '../../strings/parts.ts'
import { COLUMNS } from './columns.tsx'
import './devices.css'

const STATES = ['Failed', 'Degraded', 'Connecting', 'Running', 'Disabled'] as const
/** What the gateway changes in one request. */
const MOST_AT_ONCE = 500

export default function Devices() {
  const devices = useLive((store) => store.devices)
  const loaded = useLive((store) => store.snapshots > 0)
  const { shown, drivers } = useShown(devices)
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set())
  const may = useMay('config.write')
  const mayScan = useMay('scan')
  const chosen = useMemo(() => devices.filter(({ name }) => selected.has(name)), [devices, selected])
  return (
    <>
      <div className="bar">
        <h1 className="screen-title">{strings.title}</h1>
        <StateCounts devices={devices} />
        <span className="grow" />
        {mayScan && <Link href="/discovery">{strings.discovery}</Link>}
        {may && (
          <Button component={Link} href="/add-device" size="xs">
            {strings.add}
          </Button>
        )}
      </div>
      {devices.length > 0 && <Filters drivers={drivers} shown={shown.length} total={devices.length} />}
      {may && chosen.length > 0 && <Bulk devices={chosen} onDone={() => setSelected(new Set())} />}
      {loaded && devices.length === 0 ? (
        <Nothing />
      ) : (
        <DataTable
          fill
          label={strings.title}
          columns={COLUMNS}
          rows={shown}
          keyOf={({ name }) => name}
          nameOf={({ name }) => name}
          stateOf={({ state }) => state}
          onOpen={({ name }) => navigate(hrefOf('/device', { name }))}
          {...(may ? { selected, onSelect: setSelected } : {})}
          empty={loaded ? <p className="quiet pad">{strings.nothingMatches}</p> : undefined}
        />
      )}
    </>
  )
}

/** Those that the filters of the address let through. */
function useShown(devices: readonly DeviceView[]) {
  const { query } = useAddress()
  const [q, state, driver] = ['q', 'state', 'driver'].map((name) => query.get(name) ?? '') as [string, string, string]
  const shown = useMemo(
    () =>
      devices.filter(
        (device) =>
          (state === '' || device.state === state) &&
          (driver === '' || device.driver === driver) &&
          matchesWords(q, [device.name, device.endpoint, device.reason]),
      ),
    [devices, q, state, driver],
  )
  const drivers = useMemo(() => [...new Set(devices.map((device) => device.driver))].sort(), [devices])
  return { shown, drivers }
}

function Filters({ drivers, shown, total }: { drivers: readonly string[]; shown: number; total: number }) {
  const [state, setState] = useQueryPart('state')
  const [driver, setDriver] = useQueryPart('driver')
  const same = (values: readonly string[]) => values.map((value) => ({ value, label: value }))
  const isFiltered = shown < total || state !== '' || driver !== ''
  return (
    <div className="bar">
      <FilterInput hint={strings.filterHint} />
      <SelectInput
        bare
        label={strings.state}
        value={state}
        choices={[{ value: '', label: strings.anyState }, ...same(STATES)]}
        onChange={setState}
      />
      <SelectInput
        bare
        label={strings.driver}
        value={driver}
        choices={[{ value: '', label: strings.anyDriver }, ...same(drivers)]}
        onChange={setDriver}
      />
      {isFiltered && (
        <Button
          size="compact-xs"
          variant="default"
          onClick={() => changeQuery({ q: undefined, state: undefined, driver: undefined })}
        >
          {partStrings.clearFilters}
        </Button>
      )}
      <span className="quiet numbers" role="status">
        {strings.shown(formatCount(shown), formatCount(total))}
      </span>
    </div>
  )
}

/** What is abnormal, in numbers; a number filters. */
function StateCounts({ devices }: { devices: readonly DeviceView[] }) {
  return STATES.map((state) => {
    const count = devices.filter((device) => device.state === state).length
    return count === 0 ? null : (
      <Link key={state} href={hrefOf('/devices', { state })} className="state-word state-count">
        <StateMark state={state} />
        {strings.counts(formatCount(count), state)}
      </Link>
    )
  })
}

function Bulk({ devices, onDone }: { devices: readonly DeviceView[]; onDone(): void }) {
  const [wanted, setWanted] = useState<{ readonly on: boolean; readonly edits: readonly ConfigEdit[] }>()
  const ours = devices.filter(({ driver }) => driver !== 'received')
  const differing = (on: boolean) => ours.filter(({ enabled }) => enabled !== on)
  const ask = (on: boolean) =>
    setWanted({
      on,
      edits: differing(on).map(({ name }) => ({
        do: 'set',
        object: { kind: 'device', name },
        setting: ['enabled'],
        value: on,
      })),
    })
  const button = (on: boolean, label: string) => {
    const count = differing(on).length
    return (
      <Button
        size="compact-sm"
        variant="default"
        disabled={count === 0 || count > MOST_AT_ONCE}
        onClick={() => ask(on)}
      >
        {label}
      </Button>
    )
  }
  const count = (on: boolean) => formatCount(differing(on).length)
  return (
    <div className="bar bulk" role="group" aria-label={strings.selected(formatCount(devices.length))}>
      <span className="numbers" role="status">
        {strings.selected(formatCount(devices.length))}
      </span>
      {button(true, strings.enable(count(true)))}
      {button(false, strings.disable(count(false)))}
      <Button size="compact-sm" variant="default" onClick={onDone}>
        {strings.clear}
      </Button>
      {ours.length < devices.length && <span className="quiet">{strings.received}</span>}
      {ours.length > MOST_AT_ONCE && <span className="quiet">{strings.tooMany(MOST_AT_ONCE)}</span>}
      {wanted !== undefined && (
        <SaveEdits
          title={(wanted.on ? strings.enableTitle : strings.disableTitle)(formatCount(wanted.edits.length))}
          text={wanted.on ? strings.enableText : strings.disableText}
          label={(wanted.on ? strings.enable : strings.disable)(formatCount(wanted.edits.length))}
          edits={wanted.edits}
          onDone={() => {
            setWanted(undefined)
            onDone()
          }}
          onClose={() => setWanted(undefined)}
        />
      )}
    </div>
  )
}

function Nothing() {
  const may = useMay('config.write')
  if (!may) return <EmptyState text={strings.emptyViewer} />
  return (
    <EmptyState text={strings.empty}>
      <Button component={Link} href="/add-device">
        {strings.add}
      </Button>
    </EmptyState>
  )
}
