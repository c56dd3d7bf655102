/** What is on the disk and does not run yet: somebody has edited the files. What it comes to, and running by it. */
import { Button } from '@mantine/core'
import { useState } from 'react'
import { useAsk, useDo } from '../../api/ask.ts'
import { Asked } from '../../parts/asked.tsx'
import { Confirm } from '../../parts/confirm.tsx'
import { EmptyState } from '../../parts/empty-state.tsx'
import { Panel } from '../../parts/panel.tsx'
import { ProblemNote } from '../../parts/problem-note.tsx'
import { useMay } from '../../shell/permissions.ts'
import { configurationStrings } from '../../strings/configuration.ts'
import { CHANGED_BY_CONFIG } from './changed.ts'
import { DiffView } from './diff-view.tsx'
import { PlanLines } from './plan-lines.tsx'

const strings = configurationStrings.pending

export function Pending() {
  const may = useMay('config.write')
  const diff = useAsk('GET /api/v1/config/diff', { query: { from: 'running', to: 'disk' } }, { everyMs: 5000 })
  const differs = diff.data !== undefined && diff.data.patch !== ''
  const plan = useAsk('GET /api/v1/config/plan', {}, { when: differs })
  const reload = useDo('POST /api/v1/config/reload', CHANGED_BY_CONFIG)
  const [asking, setAsking] = useState(false)
  return (
    <Panel
      title={strings.title}
      className="fill"
      actions={
        may &&
        differs && (
          <Button size="compact-sm" disabled={plan.data === undefined} onClick={() => setAsking(true)}>
            {strings.load}
          </Button>
        )
      }
    >
      <Asked query={diff}>
        {({ patch }) =>
          patch === '' ? (
            <EmptyState text={strings.same} />
          ) : (
            <>
              <ProblemNote error={plan.error} what={strings.notGood} />
              {plan.data !== undefined && <PlanLines lines={plan.data.lines} />}
              <DiffView patch={patch} label={strings.diff} />
            </>
          )
        }
      </Asked>
      {asking && (
        <Confirm
          title={strings.load}
          text={strings.loadText}
          label={strings.loadEffect}
          busy={reload.isPending}
          error={reload.error}
          onClose={() => setAsking(false)}
          onConfirm={() => reload.mutate({ body: {} }, { onSuccess: () => setAsking(false) })}
        />
      )}
    </Panel>
  )
}
