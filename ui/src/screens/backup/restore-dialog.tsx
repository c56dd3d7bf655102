/** The last question before a backup is restored: the word is typed, and by default it goes back by itself unless somebody confirms it. */
import { NativeSelect } from '@mantine/core'
import { useState } from 'react'
import { useDo } from '../../api/ask.ts'
import type { Operations } from '../../api/operations.ts'
import { Confirm } from '../../parts/confirm.tsx'
import { backupStrings } from '../../strings/backup.ts'
import { CHANGED_BY_CONFIG } from '../configuration/changed.ts'
import type { Part } from './restore-backup.tsx'

const strings = backupStrings.restore

export type Restored = Operations['POST /api/v1/backup/restore']['answer']

interface Props {
  readonly archive: string
  readonly secrets: Readonly<Record<string, string>>
  readonly parts: readonly Part[]
  /** The version that it was compared with. */
  readonly tag: string | undefined
  onClose(): void
  onRestored(restored: Restored): void
}

const TRIALS = [
  ...(['5m', '15m', '1h'] as const).map((value) => ({ value, label: strings.trialOf(value) })),
  { value: '', label: strings.noTrial },
]

export function RestoreDialog({ archive, secrets, parts, tag, onClose, onRestored }: Props) {
  const [within, setWithin] = useState('5m')
  const restore = useDo('POST /api/v1/backup/restore', CHANGED_BY_CONFIG)
  const names = parts.map((part) => strings.parts[part].toLowerCase()).join(', ')
  const hasConfig = parts.includes('config')
  return (
    <Confirm
      title={strings.confirmTitle}
      text={hasConfig ? strings.confirmText : null}
      label={strings.doIt(names)}
      typed={strings.word}
      busy={restore.isPending}
      error={restore.error}
      onClose={onClose}
      onConfirm={() =>
        restore.mutate(
          {
            body: {
              archive,
              secrets,
              parts: [...parts],
              confirmWithin: within === '' || !hasConfig ? undefined : within,
            },
            ifMatch: tag,
          },
          { onSuccess: onRestored },
        )
      }
    >
      {hasConfig && (
        <NativeSelect
          mt="sm"
          label={strings.trial}
          data={TRIALS}
          value={within}
          onChange={(event) => setWithin(event.currentTarget.value)}
        />
      )}
    </Confirm>
  )
}
