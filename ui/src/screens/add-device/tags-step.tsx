/** Which tags: from the device's own tree, from its registers, or by hand. */
import { Button } from '@mantine/core'
import { useMemo, useState } from 'react'
import { Panel } from '../../parts/panel.tsx'
import { ByHand } from '../../parts/points/by-hand.tsx'
import { ChosenTags } from '../../parts/points/chosen-tags.tsx'
import { KnownDevices } from '../../parts/points/known-devices.tsx'
import { NodeTree } from '../../parts/points/node-tree.tsx'
import { RegisterGrid } from '../../parts/points/register-grid.tsx'
import { withRows, type TagRow } from '../../parts/points/tag-rows.ts'
import { toolsOfTrial } from '../../parts/points/tool-runner.ts'
import { toDrafts, type Drafts, type JsonSchema } from '../../parts/schema-form/fields.ts'
import { addDeviceStrings } from '../../strings/add-device.ts'
import { pointStrings } from '../../strings/points.ts'
import type { StepProps } from './index.tsx'
import { draftsOf, trialOptions } from './sketch.ts'

type Source = 'browse' | 'registers' | 'template' | 'list'

export function TagsStep({ sketch, driver, catalogue, change, go }: StepProps) {
  const sources: readonly Source[] = [
    ...(driver.can.browse ? ['browse' as const] : []),
    ...(driver.can.dump ? ['registers' as const] : []),
    'template',
    'list',
  ]
  const [source, setSource] = useState<Source>(sources[0]!)
  const options = JSON.stringify(trialOptions(driver, draftsOf(sketch)))
  const runner = useMemo(
    () => toolsOfTrial(driver.name, JSON.parse(options) as Record<string, unknown>),
    [driver.name, options],
  )
  const types = typesOf(catalogue.tag)
  const add = (rows: readonly TagRow[]) => change({ tags: withRows(sketch.tags, rows) })
  return (
    <>
      <Panel
        title={pointStrings.sources}
        actions={
          <div className="bar" role="group" aria-label={pointStrings.sources}>
            {sources.map((one) => (
              <Button
                key={one}
                size="compact-sm"
                variant={one === source ? 'filled' : 'default'}
                aria-pressed={one === source}
                onClick={() => setSource(one)}
              >
                {pointStrings[one]}
              </Button>
            ))}
          </div>
        }
      >
        {source === 'browse' && <NodeTree runner={runner} onAdd={add} />}
        {source === 'registers' && <RegisterGrid runner={runner} onAdd={add} />}
        {source === 'template' && (
          <KnownDevices
            driver={driver.name}
            onTake={(rows, options) => {
              // What somebody has given already stays.
              const drafts = { ...toDrafts(options), ...given(draftsOf(sketch)) }
              change({ tags: withRows(sketch.tags, rows), drafts: { ...sketch.drafts, [driver.name]: drafts } })
            }}
          />
        )}
        {source === 'list' && <ByHand types={types} addressExamples={driver.addressExamples} onAdd={add} />}
      </Panel>
      <section className="panel">
        <ChosenTags rows={sketch.tags} types={types} onChange={(tags) => change({ tags })} />
      </section>
      <div className="bar end">
        <Button variant="default" onClick={() => go('connection')}>
          {addDeviceStrings.back}
        </Button>
        <Button onClick={() => go('preview')}>{addDeviceStrings.next(addDeviceStrings.steps.preview)}</Button>
      </div>
    </>
  )
}

const given = (drafts: Drafts): Drafts => Object.fromEntries(Object.entries(drafts).filter(([, text]) => text !== ''))

const typesOf = ({ properties = {} }: JsonSchema): readonly string[] => (properties.type?.enum ?? []).map(String)
