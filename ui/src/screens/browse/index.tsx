/** Looks into a device that is configured: its address space or its registers; what is chosen becomes tags of it. */
import { Button } from '@mantine/core'
import { useMemo, useState } from 'react'
import { useAsk } from '../../api/ask.ts'
import type { Operations } from '../../api/operations.ts'
import { formatCount } from '../../format.ts'
import { useLive } from '../../live/context.ts'
import { Asked } from '../../parts/asked.tsx'
import { SaveEdits, type ConfigEdit } from '../../parts/config-change/save-edits.tsx'
import { EmptyState } from '../../parts/empty-state.tsx'
import { Panel } from '../../parts/panel.tsx'
import { ByHand } from '../../parts/points/by-hand.tsx'
import { ChosenTags } from '../../parts/points/chosen-tags.tsx'
import { NodeTree } from '../../parts/points/node-tree.tsx'
import { RegisterGrid } from '../../parts/points/register-grid.tsx'
import { toTagEntry, withRows, type TagRow } from '../../parts/points/tag-rows.ts'
import { toolsOfDevice } from '../../parts/points/tool-runner.ts'
import { allFields, planForm, type JsonSchema } from '../../parts/schema-form/fields.ts'
import { SelectInput } from '../../parts/select-input.tsx'
import { hrefOf, navigate, useAddress } from '../../shell/address.ts'
import { useUnsaved } from '../../shell/leave-guard.tsx'
import { Link } from '../../shell/link.tsx'
import { useMay } from '../../shell/permissions.ts'
import { browseStrings as strings } from '../../strings/browse.ts'

type Catalogue = Operations['GET /api/v1/drivers']['answer']
/** Edits of one request. */
const MOST = 500

export default function Browse() {
  const name = useAddress().query.get('device') ?? ''
  const devices = useLive((store) => store.devices)
  const driver = useLive((store) => store.device(name)?.driver)
  const choices = useMemo(
    () => devices.filter((one) => one.driver !== 'received').map((one) => ({ value: one.name, label: one.name })),
    [devices],
  )
  const catalogue = useAsk('GET /api/v1/drivers', {})
  return (
    <>
      <div className="bar">
        <h1 className="screen-title">{strings.title}</h1>
        <SelectInput
          bare
          label={strings.which}
          value={name}
          choices={[{ value: '', label: strings.choose }, ...choices]}
          // Asks first where tags are chosen already.
          onChange={(device) => navigate(hrefOf('/browse', { device: device === '' ? undefined : device }))}
        />
        {name !== '' && (
          <>
            <Link href={hrefOf('/device', { name })}>{name}</Link>
            <Link href={hrefOf('/tags', { device: name })}>{strings.toTags}</Link>
          </>
        )}
      </div>
      {name === '' || driver === undefined ? (
        <EmptyState text={strings.which} />
      ) : (
        <Asked query={catalogue}>
          {(answer) => <Inside key={name} name={name} driver={driver} catalogue={answer} />}
        </Asked>
      )}
    </>
  )
}

function Inside({ name, driver, catalogue }: { name: string; driver: string; catalogue: Catalogue }) {
  const info = catalogue.drivers.find((one) => one.name === driver)
  const runner = useMemo(() => toolsOfDevice(name), [name])
  const connected = useLive((store) => /Running|Degraded/.test(store.device(name)?.state ?? ''))
  const known = useLive((store) => store.tags)
  const [rows, setRows] = useState<readonly TagRow[]>([])
  const [asked, setAsked] = useState(false)
  const [saved, setSaved] = useState(0)
  const mayWrite = useMay('config.write')
  useUnsaved(rows.length > 0 ? strings.leave : undefined)
  const schema: JsonSchema = catalogue.tag
  const types = (schema.properties?.type?.enum ?? []).map(String)
  const taken = useMemo(() => known.filter(({ device }) => device === name).map(({ tag }) => tag), [known, name])
  const add = (more: readonly TagRow[]) => {
    setSaved(0)
    setRows((before) => withRows(before, more, taken))
  }
  const edits = useMemo<readonly ConfigEdit[]>(() => {
    const fields = allFields(planForm(schema))
    return rows.map((row) => ({ do: 'add', kind: 'tag', device: name, entry: toTagEntry(row, fields) }))
  }, [rows, name, schema])
  const count = strings.tags(rows.length)
  return (
    <>
      <section className="panel">
        {info?.can.browse === true ? (
          <NodeTree runner={runner} connected={connected} onAdd={add} />
        ) : info?.can.dump === true ? (
          <RegisterGrid runner={runner} onAdd={add} />
        ) : (
          <p>{strings.neither(driver)}</p>
        )}
        {mayWrite && (
          <details open={info?.can.browse !== true && info?.can.dump !== true}>
            <summary>{strings.byHand}</summary>
            <ByHand needsType types={types} addressExamples={info?.addressExamples ?? []} onAdd={add} />
          </details>
        )}
      </section>
      {mayWrite && (
        <Panel
          title={strings.chosen}
          actions={
            <Button size="compact-sm" disabled={rows.length === 0 || rows.length > MOST} onClick={() => setAsked(true)}>
              {strings.save(count, name)}
            </Button>
          }
        >
          {rows.length > MOST && <p>{strings.tooMany(MOST)}</p>}
          {saved > 0 ? (
            <p role="status">{strings.saved(formatCount(saved), name)}</p>
          ) : (
            <ChosenTags rows={rows} types={types} onChange={setRows} />
          )}
        </Panel>
      )}
      {asked && (
        <SaveEdits
          title={strings.saveTitle(name)}
          label={strings.saveLabel(count, name)}
          edits={edits}
          onDone={() => {
            setSaved(rows.length)
            setRows([])
            setAsked(false)
          }}
          onClose={() => setAsked(false)}
        />
      )}
    </>
  )
}
