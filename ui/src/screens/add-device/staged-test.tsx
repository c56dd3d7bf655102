/** How far the test came: each stage with its time, what it said, and the next step where it failed. */
import { useEffect, useRef } from 'react'
import { Elapsed } from '../../parts/elapsed.tsx'
import { StateMark } from '../../status-mark.tsx'
import { addDeviceStrings as strings } from '../../strings/add-device.ts'
import type { Stage } from './use-staged-test.ts'

const NAMES = Object.keys(strings.stages) as Stage['stage'][]
const MARKS = { ok: 'Running', failed: 'Failed', skipped: 'Disabled', 'not-reached': 'Disabled' } as const

export function StagedTest({ stages, running }: { stages: readonly Stage[]; running: boolean }) {
  const place = useRef<HTMLDivElement>(null)
  // It appears below a form that may be long.
  useEffect(() => {
    place.current?.scrollIntoView({ block: 'nearest' })
  }, [running, stages.length])
  if (stages.length === 0 && !running) return null
  const failed = stages.find(({ result }) => result === 'failed')
  const isRead = stages.some(({ stage, result }) => stage === 'read' && result === 'ok')
  const shown = running ? NAMES : stages.map(({ stage }) => stage)
  return (
    <div ref={place} className="staged" data-testid="staged-test">
      <ol aria-label={strings.stages_label}>
        {shown.map((name, at) => {
          const stage = stages.find((one) => one.stage === name)
          return (
            <li key={name} data-stage={name} data-result={stage?.result}>
              <StateMark
                state={stage === undefined ? (at === stages.length ? 'Connecting' : 'Disabled') : MARKS[stage.result]}
              />
              <span className="stage-name">{strings.stages[name]}</span>
              {stage === undefined ? (
                at === stages.length && <Elapsed label={strings.running} />
              ) : (
                <span className="stage-said">
                  <span>
                    {stage.result === 'skipped' && stage.detail !== null
                      ? strings.leftOut
                      : strings.results[stage.result]}
                    {stage.ms !== null && <span className="numbers"> {strings.ms(String(stage.ms))}</span>}
                  </span>
                  {stage.detail !== null && <span>{stage.detail}</span>}
                  {stage.help !== null && <span className="quiet">{stage.help}</span>}
                </span>
              )}
            </li>
          )
        })}
      </ol>
      {!running && (
        <p role="status">
          <strong>
            {failed !== undefined
              ? strings.failedAt(strings.stages[failed.stage])
              : isRead
                ? strings.passed
                : strings.passedUnread}
          </strong>
        </p>
      )}
    </div>
  )
}
