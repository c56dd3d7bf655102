/** One device: how it is and why, in words; what was learned of it, what can be asked of it, and its configuration. */
import { Suspense } from 'react'
import { useAsk } from '../../api/ask.ts'
import { ProblemError } from '../../api/client.ts'
import type { Operations } from '../../api/operations.ts'
import { formatDuration, formatMoment } from '../../format.ts'
import { lazyPart } from '../../lazy-part.ts'
import { useNow } from '../../live/context.ts'
import { Asked } from '../../parts/asked.tsx'
import { Elapsed } from '../../parts/elapsed.tsx'
import { EmptyState } from '../../parts/empty-state.tsx'
import { maintenanceText } from '../../parts/maintenance-text.ts'
import { Tabs, useTab } from '../../parts/tabs.tsx'
import { hrefOf, useAddress } from '../../shell/address.ts'
import { Link } from '../../shell/link.tsx'
import { useMay } from '../../shell/permissions.ts'
import { StateMark } from '../../status-mark.tsx'
import { valueWords } from '../../strings/value-words.ts'
import { deviceStrings as strings } from '../../strings/device.ts'
import { shellStrings } from '../../strings/shell.ts'
import './device.css'
import { EnableButton } from './enable-button.tsx'
import { OverviewTab } from './overview-tab.tsx'

const ToolsTab = lazyPart(() => import('./tools-tab.tsx'))
const ParametersTab = lazyPart(() => import('./parameters-tab.tsx'))
const ConfigurationTab = lazyPart(() => import('./configuration-tab.tsx'))

export type DeviceAnswer = Operations['GET /api/v1/devices/{device}']['answer']

const AGAIN_MS = 2000

export default function Device() {
  const name = useAddress().query.get('name') ?? ''
  if (name === '')
    return (
      <EmptyState title={shellStrings.titles.device} text={strings.which}>
        <Link href="/devices">{strings.toDevices}</Link>
      </EmptyState>
    )
  return <OneDevice key={name} name={name} />
}

function OneDevice({ name }: { name: string }) {
  const device = useAsk('GET /api/v1/devices/{device}', { params: { device: name } }, { everyMs: AGAIN_MS })
  const isGone = device.error instanceof ProblemError && device.error.code === 'NOT_FOUND'
  return (
    <>
      <div className="bar device-head">
        <h1 className="screen-title" dir="auto">
          {name}
        </h1>
        {device.data !== undefined && !isGone && <State device={device.data} />}
      </div>
      {isGone ? (
        <EmptyState text={strings.gone(name)}>
          <Link href="/devices">{strings.toDevices}</Link>
        </EmptyState>
      ) : (
        <Asked query={device}>{(answer) => <Parts device={answer} />}</Asked>
      )}
    </>
  )
}

function State({ device }: { device: DeviceAnswer }) {
  const now = useNow()
  return (
    <>
      <span className="state-word" data-testid="device-state">
        <StateMark state={device.state} /> <strong>{device.state}</strong>
      </span>
      <span className="quiet" title={formatMoment(Date.parse(device.stateSince))}>
        {strings.forTime(formatDuration(now - Date.parse(device.stateSince)))}
      </span>
      <span className="grow" />
      {device.kind === 'polled' && <EnableButton name={device.name} enabled={device.enabled} />}
    </>
  )
}

function Parts({ device }: { device: DeviceAnswer }) {
  const mayDiagnose = useMay('diagnose')
  const mayRead = useMay('config.read')
  const isPolled = device.kind === 'polled'
  const tabs = [
    { id: 'overview', title: strings.tabs.overview },
    ...(isPolled && mayDiagnose ? [{ id: 'tools', title: strings.tabs.tools }] : []),
    ...(isPolled ? [{ id: 'parameters', title: strings.tabs.parameters }] : []),
    ...(isPolled && mayRead ? [{ id: 'configuration', title: strings.tabs.configuration }] : []),
  ]
  const tab = useTab(tabs)
  return (
    <>
      <Reason device={device} />
      <div className="bar">
        <Tabs label={strings.tabsLabel} tabs={tabs} />
        <Elsewhere device={device} />
      </div>
      <Suspense fallback={<Elapsed label={shellStrings.loading} />}>
        {tab === 'overview' && <OverviewTab device={device} />}
        {tab === 'tools' && <ToolsTab name={device.name} />}
        {tab === 'parameters' && <ParametersTab name={device.name} />}
        {tab === 'configuration' && <ConfigurationTab name={device.name} driver={device.driver} />}
      </Suspense>
    </>
  )
}

/** Why it is as it is, and what to do about it. */
function Reason({ device: { name, state, reason, insecure, maintenance } }: { device: DeviceAnswer }) {
  const mayDiagnose = useMay('diagnose')
  const next = strings.next[state]
  if (reason === null && next === '' && !insecure && maintenance === null) return null
  return (
    <section className="panel device-reason" data-state={state}>
      {reason !== null && <p>{reason}</p>}
      {insecure && <p>{valueWords.insecure}</p>}
      {maintenance !== null && <p>{maintenanceText(maintenance)}</p>}
      {next !== '' && (
        <p className="quiet">
          {next}{' '}
          {state === 'Degraded' && (
            <Link href={hrefOf('/values', { device: name, status: 'abnormal' })}>{strings.toBad}</Link>
          )}
          {mayDiagnose && (state === 'Failed' || state === 'Connecting') && (
            <Link href={hrefOf('/trace', { device: name })}>{strings.toTrace}</Link>
          )}
        </p>
      )}
    </section>
  )
}

function Elsewhere({ device: { name, kind } }: { device: DeviceAnswer }) {
  const mayDiagnose = useMay('diagnose')
  const mayRead = useMay('config.read')
  const mayWrite = useMay('config.write')
  const isPolled = kind === 'polled'
  return (
    <nav aria-label={strings.elsewhere} className="bar device-links">
      <Link href={hrefOf('/values', { device: name })}>{strings.links.values}</Link>
      {isPolled && mayRead && <Link href={hrefOf('/tags', { device: name })}>{strings.links.tags}</Link>}
      {isPolled && mayDiagnose && <Link href={hrefOf('/trace', { device: name })}>{strings.links.trace}</Link>}
      {isPolled && mayDiagnose && <Link href={hrefOf('/browse', { device: name })}>{strings.links.browse}</Link>}
      {isPolled && mayWrite && <Link href={hrefOf('/add-device', { copy: name })}>{strings.links.copy}</Link>}
    </nav>
  )
}
