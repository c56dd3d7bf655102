/** What became of a write: read back, refused with the next step, or waiting for a second person. */
import { ProblemError, type JsonValue, type PendingWrite, type StatusRef, type WriteView } from '../../api.ts'
import { formatTime, statusHex } from '../../format.ts'
import { SeverityMark, StateMark } from '../../status-mark.tsx'
import { severityOf, useStatusInfo } from '../../status.ts'
import { writeStrings as words } from '../../strings/write.ts'
import { isSame, refusalText } from './write-value.ts'

interface Shows {
  readonly show: (value: JsonValue) => string
}

/** It waits: for whom, and until when. */
export function Waits({ pending }: { pending: PendingWrite }) {
  return (
    <div className="state-word" data-testid="write-waits">
      <StateMark state="Connecting" />
      <span>{words.waits(formatTime(Date.parse(pending.expiresAt)))}</span>
    </div>
  )
}

export function Result({ result, show }: Shows & { result: WriteView }) {
  const { status, readBack, readBackStatus } = result
  const nameOf = useStatusInfo()
  const told = (code: number) => `${nameOf(code).name}. ${nameOf(code).text}`
  if (severityOf(status.code) === 'bad') return <Outcome ok={false} text={words.refused(told(status.code))} />
  if (readBackStatus === null || severityOf(readBackStatus.code) === 'bad' || readBack === null) {
    return <Outcome ok={false} text={words.unread(readBackStatus === null ? '' : told(readBackStatus.code))} />
  }
  if (!isSame(readBack, result.value)) return <Outcome ok={false} text={words.differs(show(readBack))} />
  return (
    <>
      <Outcome ok text={words.done(show(readBack), String(Math.round(result.durationMs)))} />
      {result.remark !== null && <p className="quiet">{result.remark}</p>}
    </>
  )
}

/** What was refused: the sentence and the next step, and underneath what the protocol said. */
export function Refusal({ error, show }: Shows & { error: Error }) {
  if (!(error instanceof ProblemError)) return <Outcome ok={false} text={words.unknown} />
  const { code, help, httpStatus, result } = error
  const { status, readBack, readBackStatus } = result
  const told = ({ code: number, name }: StatusRef) => `${name} (${statusHex(number)})`
  return (
    <>
      <Outcome ok={false} text={refusalText(code, error.message)} />
      {help !== undefined && <p>{help}</p>}
      <details className="quiet">
        <summary>{words.details}</summary>
        <p>
          {words.detailCode}: {code} (HTTP {httpStatus})
        </p>
        {status !== undefined && (
          <p>
            {words.detailStatus}: {told(status)}
          </p>
        )}
        {readBackStatus !== undefined && (
          <p>
            {words.detailReadBack}: {show(readBack ?? null)}, {told(readBackStatus)}
          </p>
        )}
      </details>
    </>
  )
}

function Outcome({ ok, text }: { ok: boolean; text: string }) {
  return (
    <p className="state-word">
      <SeverityMark severity={ok ? 'good' : 'bad'} />
      {text}
    </p>
  )
}
