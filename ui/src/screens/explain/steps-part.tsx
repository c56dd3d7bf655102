/** Every step of the pipeline in its order: what it decided and why. What the tag does not need is said quietly. */
import { exactWithUnit } from '../../format.ts'
import { Panel } from '../../parts/panel.tsx'
import { explainStrings as words } from '../../strings/explain.ts'
import type { Explained, Sample } from './types.ts'

export function StepsPart({ explained: { steps } }: { explained: Explained }) {
  return (
    <Panel title={words.parts.steps}>
      {steps.length === 0 ? (
        <p className="quiet">{words.noSteps}</p>
      ) : (
        <ol className="explain-steps">
          {steps.map(({ name, decision, text, before, after }) => (
            <li key={name} data-decision={decision}>
              <strong>{name}</strong>
              <span className="explain-decision">{words.decisions[decision]}</span>
              <span>
                {text}
                {decision === 'changed' && (
                  <span className="numbers quiet"> {`${sampleText(before)} → ${sampleText(after)}`}</span>
                )}
              </span>
            </li>
          ))}
        </ol>
      )}
    </Panel>
  )
}

export const sampleText = (sample: Sample | null): string =>
  sample === null ? '–' : `${exactWithUnit(sample.value, null)} ${sample.status.name}`
