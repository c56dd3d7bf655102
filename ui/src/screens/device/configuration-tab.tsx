/**
 * The configuration of a device as a form of its driver's schema: each setting with the place that it comes from. What was changed is saved on
 * top of the version that was seen; the device is removed only by typing its name.
 */
import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { useAsk } from '../../api/ask.ts'
import { callTagged } from '../../api/client.ts'
import type { Operations } from '../../api/operations.ts'
import { Asked } from '../../parts/asked.tsx'
import { SaveEdits, type ConfigEdit } from '../../parts/config-change/save-edits.tsx'
import { Panel } from '../../parts/panel.tsx'
import { allFields, fromDraft, planForm, type Drafts, type Field } from '../../parts/schema-form/fields.ts'
import { SchemaForm } from '../../parts/schema-form/schema-form.tsx'
import { navigate } from '../../shell/address.ts'
import { useUnsaved } from '../../shell/leave-guard.tsx'
import { useMay } from '../../shell/permissions.ts'
import { deviceStrings } from '../../strings/device.ts'
import { shownToDraft } from '../../parts/schema-form/shown.ts'

const strings = deviceStrings.configuration
const GET = 'GET /api/v1/config/devices/{device}'
type Written = Operations[typeof GET]['answer']
type Catalogue = Operations['GET /api/v1/drivers']['answer']

/** What is edited here beside the options. */
const HEAD = ['enabled', 'every', 'area', 'parameterWrites']

export default function ConfigurationTab({ name, driver }: { name: string; driver: string }) {
  const catalogue = useAsk('GET /api/v1/drivers', {})
  const written = useQuery({
    queryKey: [GET, name],
    queryFn: ({ signal }) => callTagged(GET, { params: { device: name }, signal }),
  })
  return (
    <Asked query={written}>
      {({ answer, tag }) => (
        <Asked query={catalogue}>
          {(known) => <Form latest={{ written: answer, seen: tag }} catalogue={known} driver={driver} />}
        </Asked>
      )}
    </Asked>
  )
}

interface Base {
  readonly written: Written
  /** The version that it is of. */
  readonly seen: string | undefined
}

interface FormProps {
  readonly latest: Base
  readonly catalogue: Catalogue
  readonly driver: string
}

/** What somebody has begun to change, on top of what they saw: it stays, whatever else is saved meanwhile. */
interface Work {
  readonly base: Base
  readonly drafts: Both
  readonly isSaved: boolean
}

function Form({ latest, catalogue, driver }: FormProps) {
  const [work, setWork] = useState<Work>()
  // What was saved is the new beginning.
  if (work?.isSaved === true && latest.seen !== work.base.seen) setWork(undefined)
  const { written, seen } = work?.base ?? latest
  const { name } = written
  const info = catalogue.drivers.find((one) => one.name === driver)
  const before = useMemo(() => draftsOf(written), [written])
  const drafts = work?.drafts ?? before
  const setDrafts = (next: Both) => setWork({ base: { written, seen }, drafts: next, isSaved: false })
  const [asked, setAsked] = useState<'save' | 'remove'>()
  const mayWrite = useMay('config.write')
  const fields = useMemo(
    () => ({
      options: info === undefined ? [] : allFields(planForm(info.options)),
      head: allFields(planForm(catalogue.device, HEAD)),
    }),
    [info, catalogue],
  )
  const isSaved = work?.isSaved === true
  const edits = useMemo(
    () =>
      isSaved
        ? []
        : [
            ...editsOf(name, 'options', fields.options, before, drafts),
            ...editsOf(name, 'head', fields.head, before, drafts),
          ],
    [name, fields, before, drafts, isSaved],
  )
  if (work !== undefined && !isSaved && edits.length === 0 && latest.seen !== seen) setWork(undefined)
  useUnsaved(edits.length > 0 ? strings.leave : undefined)
  const removal = useMemo<readonly ConfigEdit[]>(() => [{ do: 'remove', object: { kind: 'device', name } }], [name])
  const origins = (of: 'options' | 'head') => new Map(originsOf(written, of))
  return (
    <>
      <p className="quiet" data-testid="owner">
        {written.owner === null ? strings.nowhere : strings.owner(written.owner)}
      </p>
      {info === undefined ? (
        <p>{strings.unknownDriver}</p>
      ) : (
        <fieldset className="bare" disabled={!mayWrite}>
          <Panel title={strings.options}>
            <SchemaForm
              schema={info.options}
              drafts={drafts.options}
              origins={origins('options')}
              onChange={(options) => setDrafts({ ...drafts, options })}
            />
          </Panel>
          <Panel title={strings.head}>
            <SchemaForm
              schema={catalogue.device}
              only={HEAD}
              drafts={drafts.head}
              origins={origins('head')}
              onChange={(head) => setDrafts({ ...drafts, head })}
            />
          </Panel>
        </fieldset>
      )}
      {mayWrite && (
        <div className="bar">
          <Button disabled={edits.length === 0} onClick={() => setAsked('save')}>
            {strings.save}
          </Button>
          {edits.length > 0 && (
            <>
              <span className="numbers" role="status">
                {strings.changed(edits.length)}
              </span>
              <Button variant="default" onClick={() => setWork(undefined)}>
                {strings.undo}
              </Button>
            </>
          )}
          <span className="grow" />
          <Button variant="default" onClick={() => setAsked('remove')}>
            {strings.remove}
          </Button>
        </div>
      )}
      {asked === 'save' && (
        <SaveEdits
          title={strings.saveTitle(name)}
          label={strings.saveLabel(edits.length, name)}
          edits={edits}
          seen={seen}
          onDone={() => {
            setWork((present) => present && { ...present, isSaved: true })
            setAsked(undefined)
          }}
          onClose={() => setAsked(undefined)}
        />
      )}
      {asked === 'remove' && (
        <SaveEdits
          title={strings.removeTitle(name)}
          text={strings.removeText}
          label={strings.removeLabel(name)}
          typed={name}
          edits={removal}
          seen={seen}
          onDone={() => {
            setWork(undefined)
            setAsked(undefined)
            // After the guard has heard that nothing is left to lose.
            setTimeout(() => navigate('/devices'))
          }}
          onClose={() => setAsked(undefined)}
        />
      )}
    </>
  )
}

interface Both {
  readonly options: Drafts
  readonly head: Drafts
}

/** What was written itself; what holds by default is no draft. */
function draftsOf({ settings }: Written): Both {
  const options: Record<string, string> = {}
  const head: Record<string, string> = {}
  for (const { setting, value, origin } of settings) {
    if (origin === 'default' || value === null) continue
    if (setting.startsWith('options.')) options[setting.slice('options.'.length)] = shownToDraft(value)
    else head[setting] = shownToDraft(value)
  }
  return { options, head }
}

function originsOf({ settings }: Written, of: 'options' | 'head'): readonly (readonly [string, string])[] {
  return settings
    .filter(({ setting, origin }) => origin !== 'default' && setting.startsWith('options.') === (of === 'options'))
    .map(({ setting, origin }) => [of === 'options' ? setting.slice('options.'.length) : setting, origin] as const)
}

/** Only what differs: what nobody touched is never sent, least of all a secret that is shown as stars. */
function editsOf(
  name: string,
  of: 'options' | 'head',
  fields: readonly Field[],
  before: Both,
  after: Both,
): readonly ConfigEdit[] {
  const object = { kind: 'device', name } as const
  return fields.flatMap((field): ConfigEdit[] => {
    const [was, is] = [before[of][field.path] ?? '', after[of][field.path] ?? '']
    if (was.trim() === is.trim()) return []
    const setting = [...(of === 'options' ? ['options'] : []), ...field.path.split('.')]
    const value = fromDraft(is, field)
    if (value === undefined) return [{ do: 'unset', object, setting }]
    return [{ do: 'set', object, setting, value: value as string }]
  })
}
