/** One record of the log, whole, with the link to its moment. */
import { CloseButton } from '@mantine/core'
import { formatCount, formatMoment } from '../../format.ts'
import { CopyButton } from '../../parts/copy-button.tsx'
import { Panel } from '../../parts/panel.tsx'
import { changeQuery, useQueryPart } from '../../shell/address.ts'
import { logStrings as strings } from '../../strings/logs.ts'
import { partStrings } from '../../strings/parts.ts'
import type { LogRecord } from './log-view.ts'

const { columns: heads } = strings

interface Props {
  readonly n: string
  readonly record: LogRecord | undefined
  /** Nothing is known of any record yet. */
  readonly isAsking: boolean
}

export function RecordDetail({ n, record, isAsking }: Props) {
  const [at] = useQueryPart('at')
  // Numbers begin anew with each start of the gateway: the same number of another time is another record.
  const isSame = record !== undefined && (at === '' || at === record.time)
  return (
    <Panel
      className="detail"
      title={strings.detail(formatCount(Number(n)))}
      actions={
        <CloseButton aria-label={partStrings.close} onClick={() => changeQuery({ n: undefined, at: undefined })} />
      }
    >
      {isSame ? <Facts record={record} /> : <p className="quiet">{isAsking ? strings.connecting : strings.gone}</p>}
    </Panel>
  )
}

function Facts({ record: { time, level, component, device, sink, message, fields } }: { record: LogRecord }) {
  return (
    <>
      <p className="log-message">{message}</p>
      <dl className="facts">
        <dt>{heads.time}</dt>
        <dd title={time}>{formatMoment(Date.parse(time))}</dd>
        <dt>{heads.level}</dt>
        <dd>{strings.levels[level]}</dd>
        <dt>{heads.component}</dt>
        <dd>{component ?? '–'}</dd>
        <dt>{heads.who}</dt>
        <dd>
          <bdi>{device ?? sink ?? '–'}</bdi>
        </dd>
      </dl>
      {Object.keys(fields).length > 0 && (
        <pre className="hex" tabIndex={0} aria-label={strings.fields}>
          {JSON.stringify(fields, null, 2)}
        </pre>
      )}
      <div className="bar end">
        <CopyButton text={window.location.href} label={strings.link} />
      </div>
    </>
  )
}
