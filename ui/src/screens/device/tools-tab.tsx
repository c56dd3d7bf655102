/** The tools of the device's driver: a form of each one's input, and what it answers. Which one is in the address. */
import { Button } from '@mantine/core'
import { useState } from 'react'
import { useAsk } from '../../api/ask.ts'
import { formatCount } from '../../format.ts'
import { AnswerView } from '../../parts/answer-view.tsx'
import { Asked } from '../../parts/asked.tsx'
import { Elapsed } from '../../parts/elapsed.tsx'
import { EmptyState } from '../../parts/empty-state.tsx'
import { Panel } from '../../parts/panel.tsx'
import { toolsOfDevice } from '../../parts/points/tool-runner.ts'
import { useWork } from '../../parts/points/use-work.ts'
import { ProblemNote } from '../../parts/problem-note.tsx'
import { allFields, planForm, toOptions, type Drafts } from '../../parts/schema-form/fields.ts'
import { faultsOf } from '../../parts/schema-form/faults.ts'
import { SchemaForm } from '../../parts/schema-form/schema-form.tsx'
import { useQueryPart } from '../../shell/address.ts'
import { useMay } from '../../shell/permissions.ts'
import { deviceStrings } from '../../strings/device.ts'

const strings = deviceStrings.tools

/** Needs more than to read. */
const MANAGES = 'forget'

export default function ToolsTab({ name }: { name: string }) {
  const tools = useAsk('GET /api/v1/devices/{device}/tools', { params: { device: name } })
  const [chosen, choose] = useQueryPart('tool')
  const mayManage = useMay('devices.manage')
  return (
    <Asked query={tools}>
      {(answer) => {
        const offered = answer.tools.filter((tool) => tool.name !== MANAGES || mayManage)
        const tool = offered.find((one) => one.name === chosen) ?? offered[0]
        if (tool === undefined) return <EmptyState text={strings.none} />
        return (
          <>
            <div className="bar" role="group" aria-label={strings.choose}>
              {offered.map((one) => (
                <Button
                  key={one.name}
                  size="compact-sm"
                  variant={one === tool ? 'filled' : 'default'}
                  aria-pressed={one === tool}
                  onClick={() => choose(one.name)}
                >
                  {one.name}
                </Button>
              ))}
            </div>
            <Tool key={tool.name} device={name} tool={tool} />
          </>
        )
      }}
    </Asked>
  )
}

interface ToolProps {
  readonly device: string
  readonly tool: { readonly name: string; readonly summary: string; readonly input: Readonly<Record<string, unknown>> }
}

function Tool({ device, tool }: ToolProps) {
  const [drafts, setDrafts] = useState<Drafts>({})
  const { run, stop, data, busy, error } = useWork<{ answer: unknown; ms: number }>()
  const schema = tool.input
  const submit = () =>
    run(async (signal) => {
      const begin = performance.now()
      const answer = await toolsOfDevice(device)(tool.name, toOptions(allFields(planForm(schema)), drafts), signal)
      return { answer, ms: Math.round(performance.now() - begin) }
    })
  return (
    <>
      <Panel title={tool.name}>
        <p className="quiet">
          {tool.summary}. {strings.readOnly}
        </p>
        <form
          className="tool-form"
          onSubmit={(event) => {
            event.preventDefault()
            void submit()
          }}
        >
          <SchemaForm schema={schema} drafts={drafts} faults={faultsOf(error, '/')} onChange={setDrafts} />
          <div className="bar">
            <Button type="submit" size="xs" disabled={busy}>
              {strings.run(tool.name)}
            </Button>
            {busy && (
              <Button size="xs" variant="default" onClick={stop}>
                {strings.stop}
              </Button>
            )}
            {busy && <Elapsed label={strings.running} />}
          </div>
        </form>
        <ProblemNote error={error} what={strings.failed} />
      </Panel>
      {data !== undefined && (
        <Panel
          title={strings.result}
          actions={<span className="quiet numbers">{strings.took(formatCount(data.ms))}</span>}
        >
          <AnswerView answer={data.answer} name={`${device}-${tool.name}`} />
        </Panel>
      )}
    </>
  )
}
