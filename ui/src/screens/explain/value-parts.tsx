/** What the tag is, what the driver decoded of the answer, and where the log put it. */
import type { ReactNode } from 'react'
import { exactWithUnit, formatDuration, formatMoment, statusHex } from '../../format.ts'
import { Panel } from '../../parts/panel.tsx'
import { StateMark, SeverityMark } from '../../status-mark.tsx'
import type { SessionState } from '../../api.ts'
import { severityOf } from '../../status.ts'
import { explainStrings as words } from '../../strings/explain.ts'
import type { Explained, Sample } from './types.ts'

export function TagPart({ explained }: { explained: Explained }) {
  const { address, addressText, type, unit, everyMs, state, wire, waitedMs } = explained
  return (
    <Panel title={words.parts.tag}>
      <dl className="facts">
        <Fact name={words.address}>
          <code>{address}</code> {addressText !== address && <span className="quiet">{addressText}</span>}
        </Fact>
        <Fact name={words.type}>
          {type} {unit}
        </Fact>
        <Fact name={words.interval}>
          {wire.kind === 'subscribed'
            ? words.subscribed
            : words.every(
                formatDuration(everyMs) === '0 s' ? words.roundTripMs(String(everyMs)) : formatDuration(everyMs),
              )}
        </Fact>
        <Fact name={words.waited}>{words.roundTripMs(String(Math.round(waitedMs)))}</Fact>
        <Fact name={words.device}>
          <span className="state-word">
            <StateMark state={state.name as SessionState} />
            <span>
              <bdi>{explained.device}</bdi> {state.name} {state.reason}
            </span>
          </span>
        </Fact>
      </dl>
    </Panel>
  )
}

export function ValuePart({ explained }: { explained: Explained }) {
  const { raw } = explained
  return (
    <Panel title={words.parts.value}>
      {raw === null ? (
        <p className="quiet">{words.notDecoded}</p>
      ) : (
        <dl className="facts">
          <SampleFacts sample={raw} unit={null} />
          <Fact name={words.received}>{formatMoment(timeOf(raw.receivedAt))}</Fact>
        </dl>
      )}
    </Panel>
  )
}

export function StorePart({ explained: { store, unit } }: { explained: Explained }) {
  return (
    <Panel title={words.parts.store}>
      {store === null ? (
        <p className="quiet">{words.notStored}</p>
      ) : (
        <>
          {!store.isThis && <p className="quiet">{words.earlier}</p>}
          <dl className="facts">
            <SampleFacts sample={store} unit={unit} />
            <Fact name={words.seq}>
              <span className="numbers">{words.inLog(String(store.seq), store.logId)}</span>
              <div className="state-word">
                <SeverityMark severity={store.durable ? 'good' : 'uncertain'} />
                {store.durable ? words.durable : words.notDurable}
              </div>
            </Fact>
          </dl>
        </>
      )}
    </Panel>
  )
}

function SampleFacts({ sample, unit }: { sample: Sample; unit: string | null }) {
  const { value, status, time } = sample
  return (
    <>
      <Fact name={words.value}>
        <strong className="numbers">
          <bdi>{exactWithUnit(value, unit)}</bdi>
        </strong>
      </Fact>
      <Fact name={words.status}>
        <span className="state-word">
          <SeverityMark severity={severityOf(status.code)} />
          {status.name} <span className="quiet">{statusHex(status.code)}</span>
        </span>
      </Fact>
      <Fact name={words.time}>
        <span className="numbers" title={time ?? undefined}>
          {formatMoment(timeOf(time))}
        </span>
      </Fact>
    </>
  )
}

export function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  )
}

export const timeOf = (iso: string | null): number | null => (iso === null ? null : Date.parse(iso))
