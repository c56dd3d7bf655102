/** Whether the chain of the audit log holds; where it does not, in which file and line, and what to do then. */
import type { UseQueryResult } from '@tanstack/react-query'
import type { Operations } from '../../api/operations.ts'
import { formatCount } from '../../format.ts'
import { Elapsed } from '../../parts/elapsed.tsx'
import { ProblemNote } from '../../parts/problem-note.tsx'
import { SeverityMark } from '../../status-mark.tsx'
import { auditStrings } from '../../strings/audit.ts'

const strings = auditStrings.verify

type Answer = Operations['GET /api/v1/audit/verify']['answer']

export function Verdict({ query }: { query: UseQueryResult<Answer> }) {
  if (query.isFetching) return <Elapsed label={strings.busy} />
  if (query.error !== null) return <ProblemNote error={query.error} what={strings.failed} />
  if (query.data === undefined) return null
  return (
    <div role="status" className="panel" data-testid="verdict" data-ok={query.data.ok}>
      {query.data.ok ? <Whole verdict={query.data} /> : <Broken verdict={query.data} />}
    </div>
  )
}

function Whole({ verdict }: { verdict: Answer }) {
  const { lines, files, last, signatures, waiting } = verdict
  return (
    <>
      <p className="state-word">
        <SeverityMark severity="good" />
        {strings.ok(formatCount(lines), formatCount(files))}
      </p>
      <p className="quiet hash">
        {last !== null && strings.last(formatCount(last.n), last.hash)} {!signatures && strings.unsigned}{' '}
        {waiting > 0 && strings.waiting(formatCount(waiting))}
      </p>
    </>
  )
}

function Broken({ verdict: { findings } }: { verdict: Answer }) {
  return (
    <>
      <p className="state-word">
        <SeverityMark severity="bad" />
        <strong>{strings.broken(formatCount(findings.length))}</strong>
      </p>
      <ul className="problem-places">
        {findings.slice(0, 20).map(({ file, line, problem }) => (
          <li key={`${file} ${line} ${problem}`}>
            <code>{line === null ? strings.inFile(file) : strings.at(file, formatCount(line))}</code> {problem}
          </li>
        ))}
      </ul>
      <p>{strings.next}</p>
    </>
  )
}
