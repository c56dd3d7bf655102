/** Enables or disables one device, in its file, with a dry run before. */
import { Button } from '@mantine/core'
import { useMemo, useState } from 'react'
import { SaveEdits, type ConfigEdit } from '../../parts/config-change/save-edits.tsx'
import { useMay } from '../../shell/permissions.ts'
import { deviceStrings as strings } from '../../strings/device.ts'

export function EnableButton({ name, enabled }: { name: string; enabled: boolean }) {
  const may = useMay('config.write')
  const [asked, setAsked] = useState<boolean>()
  const edits = useMemo<readonly ConfigEdit[]>(
    () => [{ do: 'set', object: { kind: 'device', name }, setting: ['enabled'], value: asked ?? true }],
    [name, asked],
  )
  if (!may) return null
  return (
    <>
      <Button size="compact-sm" variant="default" onClick={() => setAsked(!enabled)}>
        {enabled ? strings.disable(name) : strings.enable(name)}
      </Button>
      {asked !== undefined && (
        <SaveEdits
          title={asked ? strings.enable(name) : strings.disable(name)}
          text={asked ? strings.enableText : strings.disableText}
          label={asked ? strings.enable(name) : strings.disable(name)}
          edits={edits}
          onDone={() => setAsked(undefined)}
          onClose={() => setAsked(undefined)}
        />
      )}
    </>
  )
}
