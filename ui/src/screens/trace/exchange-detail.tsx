/** One exchange, whole: request and answer byte by byte, and in words. */
import { CloseButton } from '@mantine/core'
import { formatCount } from '../../format.ts'
import { CopyButton } from '../../parts/copy-button.tsx'
import { Panel } from '../../parts/panel.tsx'
import { changeQuery } from '../../shell/address.ts'
import { StateMark } from '../../status-mark.tsx'
import { partStrings } from '../../strings/parts.ts'
import { traceStrings as strings } from '../../strings/trace.ts'
import { hexDump, plainHex, timeOf } from './exchanges.ts'
import type { Exchange } from './use-trace.ts'

const { facts } = strings

export function ExchangeDetail({ exchange }: { exchange: Exchange }) {
  const { number, time, endpoint, protocol, roundTripMs, exception, error, request, response } = exchange
  return (
    <Panel
      className="detail"
      title={strings.detail(formatCount(number))}
      actions={<CloseButton aria-label={partStrings.close} onClick={() => changeQuery({ n: undefined })} />}
    >
      {error !== null && (
        <p className="state-word trace-wrong">
          <StateMark state="Failed" />
          {error}
        </p>
      )}
      <dl className="facts">
        <dt>{facts.time}</dt>
        <dd title={time}>{timeOf(time)}</dd>
        <dt>{facts.endpoint}</dt>
        <dd>
          {endpoint} ({protocol})
        </dd>
        <dt>{facts.round}</dt>
        <dd>{roundTripMs === null ? '–' : strings.ms(String(roundTripMs))}</dd>
        {exception !== null && (
          <>
            <dt>{facts.exception}</dt>
            <dd>0x{exception.toString(16).padStart(2, '0')}</dd>
          </>
        )}
      </dl>
      <Frame title={strings.request} frame={request} />
      <Frame title={strings.response} frame={response} />
    </Panel>
  )
}

function Frame({ title, frame }: { title: string; frame: Exchange['request'] }) {
  if (frame === null) return null
  return (
    <section>
      <h3 className="bar">
        {title} <span className="quiet">{facts.bytes(String(plainHex(frame.hex).length / 2))}</span>
        <span className="grow" />
        <CopyButton text={frame.hex} />
      </h3>
      <p>{frame.text}</p>
      <pre className="hex dump" tabIndex={0}>
        {hexDump(frame.hex)}
      </pre>
    </section>
  )
}
