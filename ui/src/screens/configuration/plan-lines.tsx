/** What a change comes to, for people: what differs, and the load that it means. */
import { formatCount } from '../../format.ts'
import { configurationStrings } from '../../strings/configuration.ts'
import './plan-lines.css'

const strings = configurationStrings.plan
/** More nobody reads. */
const MOST_LINES = 300

export function PlanLines({ lines }: { lines: readonly string[] }) {
  return (
    <pre className="hex config-plan" tabIndex={0} aria-label={strings.label} data-testid="plan">
      {lines.slice(0, MOST_LINES).join('\n')}
      {lines.length > MOST_LINES && `\n${strings.more(formatCount(lines.length - MOST_LINES))}`}
    </pre>
  )
}
