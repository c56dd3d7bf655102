/** Which version runs, since when and by whom; whether it is on trial; and why the last attempt to load was not taken. */
import { useAsk } from '../../api/ask.ts'
import type { Operations } from '../../api/operations.ts'
import { formatMoment, isoTime } from '../../format.ts'
import { Asked } from '../../parts/asked.tsx'
import { Panel } from '../../parts/panel.tsx'
import { StateMark } from '../../status-mark.tsx'
import { configurationStrings } from '../../strings/configuration.ts'
import { Fact } from './fact.tsx'
import { sourceText } from './history.tsx'
import { TrialPanel } from './trial.tsx'

const strings = configurationStrings.status

export type ConfigStatus = Operations['GET /api/v1/config/status']['answer']

export const useStatus = () => useAsk('GET /api/v1/config/status', {}, { everyMs: 5000 })

export function Status() {
  const status = useStatus()
  const history = useAsk('GET /api/v1/config/history', {}, { everyMs: 15_000 })
  return (
    <Asked query={status}>
      {(present) => {
        const version = history.data?.versions.find((one) => one.version === present.version)
        return (
          <>
            {present.trial !== null && <TrialPanel trial={present.trial} />}
            {!present.lastReload.ok && <FailedLoad attempt={present.lastReload} />}
            <Panel title={strings.title}>
              <dl className="config-facts">
                <Fact name={strings.version}>{strings.versionOf(present.version)}</Fact>
                <Fact name={strings.hash}>
                  <code className="config-hash">{present.hash}</code>
                </Fact>
                <Fact name={strings.file}>
                  <code>{present.file}</code>
                </Fact>
                <Fact name={strings.appliedAt}>
                  <Moment iso={present.appliedAt} />
                </Fact>
                {version !== undefined && (
                  <>
                    <Fact name={strings.by}>
                      <bdi>{version.user}</bdi> ({sourceText(version.source)})
                    </Fact>
                    <Fact name={strings.message}>
                      {version.message === null ? (
                        <span className="quiet">{strings.noMessage}</span>
                      ) : (
                        <bdi>{version.message}</bdi>
                      )}
                    </Fact>
                  </>
                )}
                <Fact name={strings.lastLoad}>
                  {(present.lastReload.ok ? strings.lastLoadOk : strings.lastLoadBad)(
                    formatMoment(Date.parse(present.lastReload.at)),
                  )}
                </Fact>
                <Fact name={strings.drift}>
                  {present.differsFromFiles ? (
                    <span className="state-word">
                      <StateMark state="Degraded" /> {strings.driftYes}
                    </span>
                  ) : (
                    strings.driftNo
                  )}
                </Fact>
                <Fact name={strings.needsRestart}>
                  {present.needsRestart.length === 0 ? strings.nothing : present.needsRestart.join(', ')}
                </Fact>
                <Fact name={strings.writable}>
                  {present.readOnly ? strings.readOnly : strings.canWrite}
                  {present.readOnlyReason !== null && <span className="quiet"> ({present.readOnlyReason})</span>}
                </Fact>
              </dl>
            </Panel>
          </>
        )
      }}
    </Asked>
  )
}

/** Every problem with its file and line. */
function FailedLoad({ attempt }: { attempt: ConfigStatus['lastReload'] }) {
  return (
    <section className="problem" aria-label={strings.failedTitle} data-testid="failed-load">
      <StateMark state="Failed" />
      <div className="problem-text">
        <p>
          <strong>{strings.failedTitle}.</strong> {strings.failedText(formatMoment(Date.parse(attempt.at)))}
        </p>
        <ul className="problem-places">
          {attempt.problems.map((problem) => (
            <li key={problem}>{problem}</li>
          ))}
        </ul>
      </div>
    </section>
  )
}

export function Moment({ iso }: { iso: string }) {
  const time = Date.parse(iso)
  return (
    <time className="numbers" dateTime={iso} title={isoTime(time)}>
      {formatMoment(time)}
    </time>
  )
}
