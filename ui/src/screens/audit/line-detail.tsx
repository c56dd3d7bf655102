/** One line of the audit log, whole. */
import { CloseButton } from '@mantine/core'
import { formatMoment } from '../../format.ts'
import { CopyButton } from '../../parts/copy-button.tsx'
import { Fact, Facts } from '../../parts/facts.tsx'
import { Panel } from '../../parts/panel.tsx'
import { changeQuery } from '../../shell/address.ts'
import { auditStrings } from '../../strings/audit.ts'
import { partStrings } from '../../strings/parts.ts'
import { OutcomeOf, type AuditLine } from './index.tsx'

const { detail: strings, columns: heads, nothing } = auditStrings

export function LineDetail({ n, line }: { n: string; line: AuditLine | undefined }) {
  const close = () => changeQuery({ n: undefined })
  return (
    <Panel
      className="detail"
      title={strings.panel(n)}
      actions={<CloseButton aria-label={partStrings.close} onClick={close} />}
    >
      {line === undefined ? <p className="quiet">{strings.gone(n)}</p> : <Whole line={line} />}
    </Panel>
  )
}

function Whole({ line }: { line: AuditLine }) {
  return (
    <>
      <Facts>
        <Fact name={heads.time}>
          <time dateTime={line.time} title={line.time}>
            {formatMoment(Date.parse(line.time))}
          </time>
        </Fact>
        <Fact name={heads.user}>
          <bdi>{line.user}</bdi>
        </Fact>
        <Fact name={heads.from}>{line.from}</Fact>
        <Fact name={heads.action}>{line.action}</Fact>
        <Fact name={heads.object}>
          <bdi>{line.object}</bdi>
        </Fact>
        <Fact name={heads.reason}>{line.reason ?? nothing}</Fact>
        <Fact name={heads.outcome}>
          <OutcomeOf outcome={line.outcome} />
        </Fact>
        <Fact name={strings.id}>
          <code>{line.id}</code>
        </Fact>
      </Facts>
      <Json title={strings.before} value={line.before} />
      <Json title={strings.after} value={line.after} />
      <Json title={strings.details} value={line.details} />
      <CopyButton text={window.location.href} label={strings.link} />
    </>
  )
}

function Json({ title, value }: { title: string; value: unknown }) {
  if (value === null || value === undefined) return null
  return (
    <>
      <h3>{title}</h3>
      <pre className="hex" tabIndex={0}>
        {typeof value === 'string' ? value : JSON.stringify(value, null, 2)}
      </pre>
    </>
  )
}
