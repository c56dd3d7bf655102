/** What needs attention first: each with its place, why, and the way to where it is mended. */
import type { SinkView } from '../../api.ts'
import { Elapsed } from '../../parts/elapsed.tsx'
import { Panel } from '../../parts/panel.tsx'
import { Link } from '../../shell/link.tsx'
import { usePermissions } from '../../shell/permissions.ts'
import { screenAt } from '../../shell/screens.ts'
import { StateMark } from '../../status-mark.tsx'
import { overviewStrings } from '../../strings/overview.ts'
import { partStrings } from '../../strings/parts.ts'
import { useAttention } from './attention.ts'

const strings = overviewStrings.attention

export function AttentionPanel({ sinks }: { sinks: readonly SinkView[] | undefined }) {
  const { items, knowledge } = useAttention(sinks)
  const permissions = usePermissions()
  const mayOpen = (href: string): boolean => {
    const needed = screenAt(href.split('?')[0]!)?.permission
    return needed === undefined || permissions.includes(needed)
  }
  return (
    <Panel title={strings.title} className="attention">
      {knowledge === 'asking' && items.length === 0 && <Elapsed label={partStrings.loading} />}
      {knowledge === 'all' && items.length === 0 && <p className="quiet">{strings.none}</p>}
      {knowledge === 'old' && <p className="quiet">{strings.old}</p>}
      {knowledge === 'partly' && <p className="quiet">{strings.partly}</p>}
      {items.length > 0 && (
        <ul aria-label={strings.list}>
          {items.map(({ key, state, name, text, href, where }) => (
            <li key={key} className="attention-item" data-attention={key}>
              <StateMark state={state} />
              <span className="attention-text">
                <strong>
                  <bdi>{name}</bdi>
                </strong>{' '}
                {text}
              </span>
              {mayOpen(href) && <Link href={href}>{strings.where[where]}</Link>}
            </li>
          ))}
        </ul>
      )}
    </Panel>
  )
}
