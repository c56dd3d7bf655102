/** Back to an earlier version: what it comes to, why, and whether it goes forth again by itself. */
import { Modal } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useDo } from '../../api/ask.ts'
import { callTagged } from '../../api/client.ts'
import { Asked } from '../../parts/asked.tsx'
import { Elapsed } from '../../parts/elapsed.tsx'
import { ProblemNote } from '../../parts/problem-note.tsx'
import { configurationStrings } from '../../strings/configuration.ts'
import { partStrings } from '../../strings/parts.ts'
import { CHANGED_BY_CONFIG } from './changed.ts'
import { DiffView } from './diff-view.tsx'
import { HowForm } from './how-form.tsx'

const strings = configurationStrings.rollback
const DIFF = 'GET /api/v1/config/diff'

export function Rollback({ version, onClose }: { version: number; onClose(): void }) {
  // With the version that it was compared with: what somebody else applies meanwhile is not lost by going back.
  const diff = useQuery({
    queryKey: [DIFF, 'rollback', version],
    queryFn: ({ signal }) => callTagged(DIFF, { query: { from: 'running', to: String(version) }, signal }),
    gcTime: 0,
  })
  const back = useDo('POST /api/v1/config/rollback', CHANGED_BY_CONFIG)
  return (
    <Modal opened onClose={onClose} size="xl" title={strings.title(version)}>
      <p>{strings.text}</p>
      <Asked query={diff}>
        {({ answer: { patch } }) =>
          patch === '' ? <p>{strings.same}</p> : <DiffView patch={patch} label={strings.diff} />
        }
      </Asked>
      <ProblemNote error={back.error} what={strings.failed} />
      {back.isPending && <Elapsed label={partStrings.loading} />}
      <HowForm
        label={strings.effect(version)}
        disabled={back.isPending || diff.data === undefined}
        onCancel={onClose}
        onSend={(how) => back.mutate({ body: { version, ...how }, ifMatch: diff.data?.tag }, { onSuccess: onClose })}
      />
    </Modal>
  )
}
