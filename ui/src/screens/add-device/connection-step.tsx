/** Name and options of the device, and the test that tells stage by stage how far one comes. */
import { Button, TextInput } from '@mantine/core'
import { useMemo, useState } from 'react'
import { useLive } from '../../live/context.ts'
import '../../parts/fields.css'
import { Panel } from '../../parts/panel.tsx'
import { ProblemNote } from '../../parts/problem-note.tsx'
import { faultsOf } from '../../parts/schema-form/faults.ts'
import { SchemaForm } from '../../parts/schema-form/schema-form.tsx'
import { addDeviceStrings } from '../../strings/add-device.ts'
import type { StepProps } from './index.tsx'
import { draftsOf, HEAD, trialOptions } from './sketch.ts'
import { StagedTest } from './staged-test.tsx'
import { useStagedTest } from './use-staged-test.ts'

const strings = addDeviceStrings.connection

export function ConnectionStep({ sketch, driver, catalogue, change, go }: StepProps) {
  const drafts = draftsOf(sketch)
  const devices = useLive((store) => store.devices)
  const taken = devices.some(({ name }) => name === sketch.name.trim())
  const test = useStagedTest()
  const [tested, setTested] = useState('')
  const body = useMemo(
    () => ({
      driver: driver.name,
      options: trialOptions(driver, drafts),
      ...(sketch.address.trim() === '' ? {} : { address: sketch.address.trim() }),
    }),
    [driver, drafts, sketch.address],
  )
  const run = () => {
    setTested(JSON.stringify(body))
    void test.run(body)
  }
  const isChanged = tested !== '' && tested !== JSON.stringify(body)
  return (
    <>
      <Panel title={strings.title}>
        {sketch.copyOf !== undefined && <p className="quiet">{addDeviceStrings.copied(sketch.copyOf)}</p>}
        <form
          className="tool-form"
          onSubmit={(event) => {
            event.preventDefault()
            run()
          }}
        >
          <div className="fields-grid">
            <TextInput
              size="xs"
              data-autofocus
              label={strings.name}
              description={strings.nameHelp}
              withAsterisk
              autoComplete="off"
              maxLength={200}
              error={taken ? strings.nameTaken(sketch.name.trim()) : undefined}
              value={sketch.name}
              onChange={(event) => change({ name: event.currentTarget.value })}
            />
          </div>
          <SchemaForm
            tryingSecrets
            schema={driver.options}
            drafts={drafts}
            faults={faultsOf(test.error, '/options/')}
            onChange={(next) => change({ drafts: { ...sketch.drafts, [driver.name]: next } })}
          />
          <SchemaForm
            schema={catalogue.device}
            only={HEAD}
            drafts={sketch.head}
            onChange={(head) => change({ head })}
          />
          <div className="fields-grid">
            <TextInput
              size="xs"
              label={strings.address}
              description={strings.addressHelp(driver.addressExamples[0] ?? '')}
              autoComplete="off"
              spellCheck={false}
              error={faultsOf(test.error, '/').get('address')}
              value={sketch.address}
              onChange={(event) => change({ address: event.currentTarget.value })}
            />
          </div>
          <div className="bar test-bar">
            <Button type="submit" loading={false} disabled={test.running}>
              {test.stages.length > 0 ? strings.again : strings.test}
            </Button>
            {test.running && (
              <Button variant="default" onClick={test.stop}>
                {strings.stop}
              </Button>
            )}
            {isChanged && !test.running && <span className="quiet">{strings.changed}</span>}
          </div>
        </form>
        <ProblemNote error={test.error} what={addDeviceStrings.testFailed} />
        <StagedTest stages={test.stages} running={test.running} />
      </Panel>
      <div className="bar end">
        <Button variant="default" onClick={() => go('protocol')}>
          {addDeviceStrings.back}
        </Button>
        <Button onClick={() => go('tags')}>{addDeviceStrings.next(addDeviceStrings.steps.tags)}</Button>
      </div>
    </>
  )
}
