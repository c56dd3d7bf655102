/**
 * Adds a device: protocol, connection with a test stage by stage, tags, their values, and what is written where. Nothing is kept before it
 * is saved; going back loses nothing; leaving asks.
 */
import { useEffect, useState } from 'react'
import { useAsk } from '../../api/ask.ts'
import { Asked } from '../../parts/asked.tsx'
import { changeQuery, useAddress } from '../../shell/address.ts'
import { useUnsaved } from '../../shell/leave-guard.tsx'
import { useMay } from '../../shell/permissions.ts'
import { addDeviceStrings as strings } from '../../strings/add-device.ts'
import './add-device.css'
import { ConnectionStep } from './connection-step.tsx'
import { PreviewStep } from './preview-step.tsx'
import { ProtocolStep } from './protocol-step.tsx'
import { SaveStep } from './save-step.tsx'
import { EMPTY, type Catalogue, type DriverInfo, type Sketch } from './sketch.ts'
import { TagsStep } from './tags-step.tsx'
import { usePrefilled } from './prefilled.ts'

const STEPS = ['protocol', 'connection', 'tags', 'preview', 'save'] as const
export type Step = (typeof STEPS)[number]

/** What every step is given. */
export interface StepProps {
  readonly sketch: Sketch
  readonly driver: DriverInfo
  readonly catalogue: Catalogue
  change(part: Partial<Sketch>): void
  go(step: Step): void
}

export default function AddDevice() {
  const catalogue = useAsk('GET /api/v1/drivers', {})
  return (
    <>
      <h1 className="screen-title">{strings.title}</h1>
      <Asked query={catalogue}>{(answer) => <Wizard catalogue={answer} />}</Asked>
    </>
  )
}

function Wizard({ catalogue }: { catalogue: Catalogue }) {
  const [sketch, setSketch] = useState<Sketch>(EMPTY)
  const [saved, setSaved] = useState(false)
  const change = (part: Partial<Sketch>) => setSketch((before) => ({ ...before, ...part }))
  const prefilled = usePrefilled(catalogue, (given) => setSketch(given))
  const driver = catalogue.drivers.find(({ name }) => name === sketch.driver)
  const step = useStep(driver !== undefined)
  useUnsaved(!saved && sketch !== EMPTY ? strings.leave : undefined)
  const shared = { sketch, catalogue, change, go }
  return (
    <>
      {!saved && <StepList present={step} reachable={driver !== undefined} />}
      {prefilled.note}
      {prefilled.waits ? null : step === 'protocol' || driver === undefined ? (
        <ProtocolStep {...shared} />
      ) : step === 'connection' ? (
        <ConnectionStep {...shared} driver={driver} />
      ) : step === 'tags' ? (
        <TagsStep {...shared} driver={driver} />
      ) : step === 'preview' ? (
        <PreviewStep {...shared} driver={driver} />
      ) : (
        <SaveStep
          {...shared}
          driver={driver}
          saved={saved}
          onSaved={() => setSaved(true)}
          onAnother={() => {
            setSketch(EMPTY)
            setSaved(false)
            go('protocol')
          }}
        />
      )}
    </>
  )
}

/** The step of the address; before a protocol is chosen it is the first. */
function useStep(hasDriver: boolean): Step {
  const wanted = useAddress().query.get('step')
  const step = STEPS.find((one) => one === wanted) ?? 'protocol'
  // The next step begins at its top, for the eyes and for the keyboard.
  useEffect(() => {
    document.getElementById('main')?.scrollTo(0, 0)
  }, [step])
  return hasDriver ? step : 'protocol'
}

const go = (step: Step): void => changeQuery({ step: step === 'protocol' ? undefined : step })

function StepList({ present, reachable }: { present: Step; reachable: boolean }) {
  const may = useMay('config.write')
  return (
    <nav aria-label={strings.stepsLabel} className="steps">
      <ol>
        {STEPS.map((step) => (
          <li key={step}>
            <button
              type="button"
              aria-current={step === present ? 'step' : undefined}
              disabled={(!reachable && step !== 'protocol') || (step === 'save' && !may)}
              onClick={() => go(step)}
            >
              {strings.steps[step]}
            </button>
          </li>
        ))}
      </ol>
      <p className="quiet">{strings.nothingKept}</p>
    </nav>
  )
}
