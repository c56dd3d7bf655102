/** Which version of the configuration runs, and whether the files still say the same. */
import { useAsk } from '../../api/ask.ts'
import { formatDuration, formatMoment } from '../../format.ts'
import { useNow } from '../../live/context.ts'
import { Asked } from '../../parts/asked.tsx'
import { Panel } from '../../parts/panel.tsx'
import { Link } from '../../shell/link.tsx'
import { useMay } from '../../shell/permissions.ts'
import { StateMark } from '../../status-mark.tsx'
import { overviewStrings } from '../../strings/overview.ts'

const strings = overviewStrings.config

export function ConfigPanel() {
  const mayRead = useMay('config.read')
  const now = useNow()
  const query = useAsk('GET /api/v1/config/status', {}, { everyMs: 5000, when: mayRead })
  if (!mayRead) return null
  return (
    <Panel title={strings.title} actions={<Link href="/configuration">{strings.open}</Link>}>
      <Asked query={query}>
        {({ version, appliedAt, lastReload, differsFromFiles, file, readOnly }) => (
          <dl className="facts numbers">
            <dt>{strings.version}</dt>
            <dd>{version}</dd>
            <dt>{strings.applied}</dt>
            <dd title={formatMoment(Date.parse(appliedAt))}>
              {strings.ago(formatDuration(now - Date.parse(appliedAt)))}
            </dd>
            <dt>{strings.drift}</dt>
            <dd data-testid="drift">
              {differsFromFiles || !lastReload.ok ? (
                <span className="state-word">
                  <StateMark state={lastReload.ok ? 'Degraded' : 'Failed'} />
                  {lastReload.ok ? strings.differs : strings.notTaken}
                </span>
              ) : (
                strings.same
              )}
            </dd>
            <dt>{strings.file}</dt>
            <dd title={file}>
              <bdi>{file.split(/[\\/]/).at(-1)}</bdi> {readOnly && <span className="quiet">{strings.readOnly}</span>}
            </dd>
          </dl>
        )}
      </Asked>
    </Panel>
  )
}
