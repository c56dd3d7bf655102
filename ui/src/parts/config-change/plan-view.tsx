/** What a change of the configuration comes to: how many objects, which settings, which lines of which files, what load. */
import type { Operations } from '../../api/operations.ts'
import { configChangeStrings as strings } from '../../strings/config-change.ts'
import './config-change.css'

type Plan = NonNullable<Operations['POST /api/v1/config/edits']['answer']['plan']>
type Difference = Plan['differences'][number]

/** More nobody reads in a dialog; the patch has them all. */
const MOST_SHOWN = 20

export function PlanView({ plan }: { plan: Plan }) {
  const { added, changed, removed } = plan.counts
  const rest = plan.differences.length - MOST_SHOWN
  return (
    <div className="plan" data-testid="plan">
      <p>
        <strong>{strings.counts(added, changed, removed)}</strong>
      </p>
      <ul className="plan-list" aria-label={strings.settings}>
        {plan.differences.slice(0, MOST_SHOWN).map((difference) => (
          <li key={`${difference.sign} ${difference.kind} ${difference.name}`}>
            <DifferenceLine {...difference} />
          </li>
        ))}
        {rest > 0 && <li className="quiet">{strings.more(rest)}</li>}
      </ul>
      {plan.patch !== null && plan.patch !== '' && (
        <details open>
          <summary>{strings.files}</summary>
          <Patch text={plan.patch} />
        </details>
      )}
      <details>
        <summary>{strings.load}</summary>
        <pre className="hex">{loadLines(plan).join('\n')}</pre>
      </details>
    </div>
  )
}

function DifferenceLine({ sign, kind, name, changes }: Difference) {
  return (
    <>
      <code>{sign}</code> {kind} <strong dir="auto">{name}</strong>
      {sign === '~' &&
        changes.map(({ setting, before, after }) => (
          <span key={setting} className="plan-setting">
            {setting}: {shown(before)} → {shown(after)}
          </span>
        ))}
    </>
  )
}

/** Lines that come and go are told apart by their sign, and by a line at the side. */
function Patch({ text }: { text: string }) {
  return (
    <pre className="hex patch" data-testid="patch" tabIndex={0}>
      {text
        .replace(/\n$/, '')
        .split('\n')
        .map((line, at) => (
          // The lines of a patch have no other name than their place.
          <span key={`${String(at)} ${line}`} data-sign={/^(\+\+\+|---)/.test(line) ? undefined : line[0]}>
            {`${line}\n`}
          </span>
        ))}
    </pre>
  )
}

const shown = (value: Difference['changes'][number]['before']): string =>
  value === undefined || value === null ? strings.none : String(value)

/** After the differences, which stand above. */
const loadLines = ({ lines, differences }: Plan): readonly string[] => {
  const told = differences.reduce((count, { changes }) => count + 1 + changes.length, 0)
  return lines.length > told ? lines.slice(-(lines.length - told)) : lines
}
