/** What is written to which file, and the button that does it. */
import { Button, TextInput } from '@mantine/core'
import { useMemo, useState } from 'react'
import { formatCount } from '../../format.ts'
import { SaveEditsHere, type ConfigEdit } from '../../parts/config-change/save-edits.tsx'
import { Panel } from '../../parts/panel.tsx'
import { hrefOf } from '../../shell/address.ts'
import { Link } from '../../shell/link.tsx'
import { useMay } from '../../shell/permissions.ts'
import { StateMark } from '../../status-mark.tsx'
import { addDeviceStrings } from '../../strings/add-device.ts'
import { shellStrings } from '../../strings/shell.ts'
import type { StepProps } from './index.tsx'
import { draftsOf, entryOf, unsavedSecrets } from './sketch.ts'

const strings = addDeviceStrings.save

interface Props extends StepProps {
  readonly saved: boolean
  onSaved(): void
  onAnother(): void
}

export function SaveStep({ sketch, driver, catalogue, go, saved, onSaved, onAnother }: Props) {
  const [into, setInto] = useState('')
  const may = useMay('config.write')
  const entry = useMemo(() => entryOf(sketch, driver, catalogue), [sketch, driver, catalogue])
  const edits = useMemo(
    () => [{ do: 'add', kind: 'device', entry, ...(into.trim() === '' ? {} : { into: into.trim() }) } as ConfigEdit],
    [entry, into],
  )
  const name = sketch.name.trim()
  if (saved) return <Saved name={name} onAnother={onAnother} />
  const count = sketch.tags.length
  const tags = count === 1 ? strings.oneTag : strings.tags(formatCount(count))
  const secrets = unsavedSecrets(driver, draftsOf(sketch))
  const back = (
    <Button variant="default" onClick={() => go('preview')}>
      {addDeviceStrings.back}
    </Button>
  )
  return (
    <>
      <Panel title={strings.title}>
        {count === 0 && <p>{strings.without}</p>}
        {name === '' && <p role="alert">{strings.unnamed}</p>}
        {secrets.length > 0 && <p role="alert">{strings.secrets(secrets.join(', '))}</p>}
        {!may && <p>{shellStrings.forbidden('config.write')}</p>}
        <div className="fields-grid">
          <TextInput
            size="xs"
            label={strings.into}
            description={strings.intoHelp}
            placeholder={strings.intoUsual}
            spellCheck={false}
            value={into}
            onChange={(event) => setInto(event.currentTarget.value)}
          />
        </div>
      </Panel>
      {name !== '' && may ? (
        <section className="panel">
          <SaveEditsHere label={strings.button(name, tags)} edits={edits} onDone={onSaved}>
            {back}
          </SaveEditsHere>
        </section>
      ) : (
        <div className="bar end">{back}</div>
      )}
    </>
  )
}

function Saved({ name, onAnother }: { name: string; onAnother(): void }) {
  return (
    <section className="panel" data-testid="saved">
      <p className="state-word" role="status">
        <StateMark state="Running" /> <strong>{strings.saved(name)}</strong>
      </p>
      <div className="bar">
        <Link href={hrefOf('/device', { name })}>{strings.toDevice}</Link>
        <Link href={hrefOf('/values', { device: name })}>{strings.toValues}</Link>
        <Button size="compact-sm" variant="default" onClick={onAnother}>
          {strings.another}
        </Button>
      </div>
    </section>
  )
}
