/** What is known of a device: counters and times, the line that it shares with others, what the gateway learned of it. */
import { Button } from '@mantine/core'
import { useState, type ReactNode } from 'react'
import { useAsk, useDo } from '../../api/ask.ts'
import { formatCount, formatDuration, formatMoment } from '../../format.ts'
import { useNow } from '../../live/context.ts'
import { AnswerView } from '../../parts/answer-view.tsx'
import { Asked } from '../../parts/asked.tsx'
import { Confirm } from '../../parts/confirm.tsx'
import { Elapsed } from '../../parts/elapsed.tsx'
import { Panel } from '../../parts/panel.tsx'
import { toolsOfDevice } from '../../parts/points/tool-runner.ts'
import { useWork } from '../../parts/points/use-work.ts'
import { ProblemNote } from '../../parts/problem-note.tsx'
import { hrefOf } from '../../shell/address.ts'
import { Link } from '../../shell/link.tsx'
import { useMay } from '../../shell/permissions.ts'
import { deviceStrings } from '../../strings/device.ts'
import { Duty, formatMs } from '../devices/columns.tsx'
import type { DeviceAnswer } from './index.tsx'

const strings = deviceStrings.overview
const LINES_MS = 5000

export function OverviewTab({ device }: { device: DeviceAnswer }) {
  const isPolled = device.kind === 'polled'
  const mayDiagnose = useMay('diagnose')
  return (
    <div className="grid-panels">
      <Facts device={device} />
      {isPolled && mayDiagnose && <Identity name={device.name} />}
      {isPolled && <Line name={device.name} />}
      {isPolled && <Learned name={device.name} />}
    </div>
  )
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt>{name}</dt>
      <dd className="numbers">{children}</dd>
    </>
  )
}

function Facts({ device }: { device: DeviceAnswer }) {
  const now = useNow()
  const { tags, polls, requests, pollMs, latenessMs, liveness } = device
  const goodAt = device.lastGoodAt === null ? null : Date.parse(device.lastGoodAt)
  const times = (of: typeof pollMs) => strings.percentiles(formatMs(of.p50), formatMs(of.p95), formatMs(of.p99))
  return (
    <Panel title={strings.facts}>
      <dl className="facts">
        <Fact name={strings.driver}>{device.driver}</Fact>
        <Fact name={strings.endpoint}>{device.endpoint}</Fact>
        {device.owner !== null && (
          <Fact name={strings.owner}>
            <code>{device.owner}</code>
          </Fact>
        )}
        <Fact name={strings.lastGood}>
          {goodAt === null ? strings.never : <span title={formatMoment(goodAt)}>{formatDuration(now - goodAt)}</span>}
        </Fact>
        <Fact name={strings.tags}>
          {strings.tagCounts(formatCount(tags.good), formatCount(tags.uncertain), formatCount(tags.bad))}
        </Fact>
        <Fact name={strings.duty}>
          <Duty share={device.duty} />
        </Fact>
        <Fact name={strings.poll}>{times(pollMs)}</Fact>
        <Fact name={strings.lateness}>{times(latenessMs)}</Fact>
        <Fact name={strings.polls}>
          {strings.pollCounts(formatCount(polls.ok), formatCount(polls.failed), formatCount(polls.overruns))}
        </Fact>
        <Fact name={strings.requests}>
          {strings.requestCounts(formatCount(requests.ok), formatCount(requests.failed), formatCount(requests.timeout))}
        </Fact>
        <Fact name={strings.reconnects}>{formatCount(device.reconnects)}</Fact>
        {device.backfilled > 0 && (
          <Fact name={strings.backfilled}>{strings.samples(formatCount(device.backfilled))}</Fact>
        )}
        {liveness !== null && (
          <Fact name={strings.liveness}>
            {strings.livenessFacts(formatCount(liveness.monitoredItems), formatCount(liveness.subscriptions))};{' '}
            {strings.rebuilt(liveness.rebuilds.subscription, liveness.rebuilds.session, liveness.rebuilds.socket)}
            {liveness.clockOffsetMs !== null && <>; {strings.clock(formatCount(liveness.clockOffsetMs))}</>}
          </Fact>
        )}
      </dl>
    </Panel>
  )
}

function Identity({ name }: { name: string }) {
  const tools = useAsk('GET /api/v1/devices/{device}/tools', { params: { device: name } })
  const { run, data, busy, error } = useWork<unknown>()
  const can = tools.data?.tools.some((tool) => tool.name === 'identify')
  if (can === false) return null
  return (
    <Panel
      title={strings.identity}
      actions={
        <Button
          size="compact-sm"
          variant="default"
          disabled={busy || can !== true}
          onClick={() => void run((signal) => toolsOfDevice(name)('identify', {}, signal))}
        >
          {strings.ask}
        </Button>
      }
    >
      {data === undefined && !busy && <p className="quiet">{strings.identityWhy}</p>}
      {busy && <Elapsed label={deviceStrings.tools.running} />}
      <ProblemNote error={error} />
      {data !== undefined && <AnswerView answer={data} name={`${name}-identity`} />}
    </Panel>
  )
}

function Line({ name }: { name: string }) {
  const lines = useAsk('GET /api/v1/lines', { query: { limit: 10_000 } }, { everyMs: LINES_MS })
  return (
    <Panel title={strings.line}>
      <Asked query={lines}>
        {(answer) => {
          const line = answer.lines.find(({ units }) => units.some(({ device }) => device === name))
          if (line === undefined) return <p className="quiet">{strings.alone}</p>
          const percent = (share: number) => `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`
          return (
            <>
              <p>{strings.lineWhy(line.key, line.limit)}</p>
              <p className="quiet numbers">{strings.utilisation(percent(line.utilisation))}</p>
              <div className="scroll-x" tabIndex={0} role="group" aria-label={strings.users}>
                <table className="plain-table">
                  <thead>
                    <tr>
                      <th>{strings.deviceColumn}</th>
                      <th>{strings.unit}</th>
                      <th>{strings.by}</th>
                      <th className="right">{strings.share}</th>
                      <th className="right">{strings.requestsColumn}</th>
                    </tr>
                  </thead>
                  <tbody>
                    {line.units.slice(0, 50).map(({ device, unit, by, share, requests }) => (
                      <tr key={`${device} ${unit} ${by}`}>
                        <td>
                          {device === name ? (
                            <strong dir="auto">{device}</strong>
                          ) : (
                            <Link href={hrefOf('/device', { name: device })}>{device}</Link>
                          )}
                        </td>
                        <td className="numbers">{unit ?? ''}</td>
                        <td>{by}</td>
                        <td className="right numbers">{percent(share)}</td>
                        <td className="right numbers">{formatCount(requests)}</td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </div>
            </>
          )
        }}
      </Asked>
    </Panel>
  )
}

function Learned({ name }: { name: string }) {
  const profile = useAsk('GET /api/v1/devices/{device}/profile', { params: { device: name } })
  const forget = useDo('DELETE /api/v1/devices/{device}/profile', ['GET /api/v1/devices/{device}/profile'])
  const may = useMay('devices.manage')
  const [asked, setAsked] = useState(false)
  const has = profile.data !== undefined && profile.data.profile !== null
  return (
    <Panel
      title={strings.profile}
      actions={
        may &&
        has && (
          <Button size="compact-sm" variant="default" onClick={() => setAsked(true)}>
            {strings.forget}
          </Button>
        )
      }
    >
      <p className="quiet">{strings.profileWhy}</p>
      <Asked query={profile}>
        {({ profile: learned }) =>
          learned === null ? <p>{strings.nothingLearned}</p> : <AnswerView answer={learned} name={`${name}-profile`} />
        }
      </Asked>
      {asked && (
        <Confirm
          title={strings.forgetLabel(name)}
          text={strings.forgetText}
          label={strings.forgetLabel(name)}
          busy={forget.isPending}
          error={forget.error}
          onConfirm={() => forget.mutate({ params: { device: name } }, { onSuccess: () => setAsked(false) })}
          onClose={() => setAsked(false)}
        />
      )}
    </Panel>
  )
}
