/** What went wrong, in two layers: the sentence and the next step first; underneath what the protocol said. Stays until it is mended. */
import { Button } from '@mantine/core'
import { ProblemError } from '../api/client.ts'
import { StateMark } from '../status-mark.tsx'
import { partStrings as strings } from '../strings/parts.ts'

interface Props {
  /** Nothing is shown while there is none. */
  readonly error: Error | null | undefined
  /** What was wanted, as a sentence: "The tag was not added." */
  readonly what?: string
  onRetry?(): void
}

export function ProblemNote({ error, what, onRetry }: Props) {
  if (error === null || error === undefined) return null
  const known = error instanceof ProblemError ? error : undefined
  return (
    <div role="alert" className="problem" data-testid="problem" data-code={known?.code}>
      <StateMark state="Failed" />
      <div className="problem-text">
        <p>
          {what !== undefined && <strong>{what} </strong>}
          {known === undefined ? strings.unheard : known.message}
        </p>
        {known?.help !== undefined && <p className="quiet">{known.help}</p>}
        <Places error={known} />
        {onRetry !== undefined && (
          <Button size="compact-sm" variant="default" onClick={onRetry}>
            {strings.again}
          </Button>
        )}
        <details className="quiet">
          <summary>{strings.details}</summary>
          <p>{known === undefined ? error.message : strings.code(known.code ?? '–', known.httpStatus)}</p>
        </details>
      </div>
    </div>
  )
}

/** Above what was answered before: whether nobody answers now, or it is refused. */
export const staleText = (error: Error): string => (error instanceof ProblemError ? strings.kept : strings.stale)

/** Each place that was found wrong, and what somebody else changed meanwhile. */
function Places({ error }: { error: ProblemError | undefined }) {
  const { errors = [], details } = error?.problem ?? {}
  return (
    <>
      {errors.length > 0 && (
        <ul className="problem-places">
          {errors.map(({ detail, pointer }) => (
            <li key={`${pointer} ${detail}`}>
              {pointer !== '' && <code>{pointer}</code>} {detail}
            </li>
          ))}
        </ul>
      )}
      {details?.diff !== undefined && (
        <details open>
          <summary>{strings.changedMeanwhile}</summary>
          <pre className="hex">{details.diff}</pre>
        </details>
      )}
      {details?.patch !== undefined && (
        <details>
          <summary>{strings.patch}</summary>
          <pre className="hex">{details.patch}</pre>
        </details>
      )}
    </>
  )
}
