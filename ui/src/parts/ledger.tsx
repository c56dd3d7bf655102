/** What became of a sink's samples, as an account that says in words whether it adds up: routed = delivered + pending + dropped. */
import type { SinkView } from '../api.ts'
import { formatCount } from '../format.ts'
import { StateMark } from '../status-mark.tsx'
import { sinkStrings } from '../strings/sinks.ts'
import './ledger.css'

const strings = sinkStrings.ledger

export type Account = Pick<SinkView, 'name' | 'routed' | 'delivered' | 'pending' | 'dropped' | 'balanced' | 'replayed'>

/** Of all reasons together. */
export const droppedOf = ({ dropped }: Pick<Account, 'dropped'>): number =>
  Object.values(dropped).reduce((sum, count) => sum + count, 0)

const missingOf = (account: Account): number =>
  account.routed - account.delivered - account.pending - droppedOf(account)

/** Whether it adds up, in two words; all of it on hover. */
export function LedgerVerdict({ account }: { account: Account }) {
  const { routed, delivered, pending, balanced } = account
  const line = strings.line(
    formatCount(routed),
    formatCount(delivered),
    formatCount(pending),
    formatCount(droppedOf(account)),
  )
  if (balanced) return <span title={line}>{strings.short}</span>
  return (
    <span className="state-word" title={line}>
      <StateMark state="Failed" />
      {strings.shortBad(formatCount(missingOf(account)))}
    </span>
  )
}

/** The whole account as a sum. */
export function Ledger({ account }: { account: Account }) {
  const { name, routed, delivered, pending, dropped, balanced, replayed } = account
  const lost = Object.entries(dropped).filter(([, count]) => count > 0)
  return (
    <>
      <table className="ledger" aria-label={strings.label(name)}>
        <tbody>
          <Line title={strings.routed} count={routed} of="routed" />
          <Line title={strings.delivered} count={delivered} of="delivered" sign="" />
          <Line title={strings.pending} count={pending} of="pending" sign="+" />
          {lost.length === 0 && <Line title={strings.dropped} count={0} of="dropped" sign="+" />}
          {lost.map(([reason, count]) => (
            <Line
              key={reason}
              title={`${strings.dropped}: ${reason}`}
              hint={sinkStrings.dropReasons[reason]}
              count={count}
              of={`dropped-${reason}`}
              sign="+"
            />
          ))}
          <Line title={strings.sum} count={delivered + pending + droppedOf(account)} of="sum" sign="=" />
        </tbody>
      </table>
      <p className="state-word" data-testid="verdict">
        {!balanced && <StateMark state="Failed" />}
        {balanced ? strings.good : strings.bad(sinkStrings.samples(missingOf(account)))}
      </p>
      {replayed > 0 && <p className="quiet">{strings.replayed(sinkStrings.samples(replayed))}</p>}
    </>
  )
}

interface LineProps {
  readonly title: string
  readonly hint?: string | undefined
  readonly count: number
  readonly of: string
  readonly sign?: string
}

function Line({ title, hint, count, of, sign = '' }: LineProps) {
  return (
    <tr data-line={of}>
      <th scope="row">
        {title}
        {hint !== undefined && <span className="quiet"> {hint}</span>}
      </th>
      <td className="ledger-sign quiet">{sign}</td>
      <td className="right numbers">{formatCount(count)}</td>
    </tr>
  )
}
