/** What is wrong with the files as they are being written, each with its line: a button leads there. */
import { Button } from '@mantine/core'
import { Elapsed } from '../../parts/elapsed.tsx'
import { StateMark } from '../../status-mark.tsx'
import { configurationStrings } from '../../strings/configuration.ts'
import { PlanLines } from './plan-lines.tsx'
import type { Checked } from './use-check.ts'

const strings = configurationStrings.files
const MOST_SHOWN = 100

interface Props {
  readonly checked: Checked | undefined
  readonly isBehind: boolean
  onGoTo(file: string, line: number): void
}

export function ProblemList({ checked, isBehind, onGoTo }: Props) {
  if (checked === undefined) return isBehind ? <Elapsed label={strings.checking} /> : null
  const errors = checked.problems.filter(({ severity }) => severity === 'error').length
  return (
    <div className="config-problems" data-behind={isBehind || undefined}>
      <p role="status" data-testid="checked">
        {isBehind
          ? strings.checking
          : checked.problems.length === 0
            ? strings.good
            : strings.problems(errors, checked.problems.length - errors)}
      </p>
      <ul aria-label={strings.problemList}>
        {checked.problems.slice(0, MOST_SHOWN).map(({ severity, file, line, column, message, suggestion }) => (
          <li key={`${file} ${line} ${column} ${message}`}>
            <StateMark state={severity === 'error' ? 'Failed' : 'Degraded'} />
            <Button size="compact-xs" variant="default" onClick={() => onGoTo(file, line)}>
              {strings.place(file, line, column)}
            </Button>
            <span>
              {message} {suggestion !== null && strings.meant(suggestion)}
            </span>
          </li>
        ))}
      </ul>
      {checked.plan !== null && !isBehind && <PlanLines lines={checked.plan.lines} />}
    </div>
  )
}
