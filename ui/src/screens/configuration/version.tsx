/** One version of the history with its files, and two of them beside each other. */
import { Button } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useAsk } from '../../api/ask.ts'
import { call } from '../../api/client.ts'
import { formatCount } from '../../format.ts'
import { Asked } from '../../parts/asked.tsx'
import { saveFile } from '../../parts/download.ts'
import { EmptyState } from '../../parts/empty-state.tsx'
import { Panel } from '../../parts/panel.tsx'
import { ProblemNote } from '../../parts/problem-note.tsx'
import { changeQuery } from '../../shell/address.ts'
import { configurationStrings } from '../../strings/configuration.ts'
import { partStrings } from '../../strings/parts.ts'
import { DiffView } from './diff-view.tsx'

const strings = configurationStrings.history

/** `from` and `to`: numbers of versions, `running` or `disk`. */
export function Comparison({ from, to }: { from: string; to: string }) {
  const diff = useAsk('GET /api/v1/config/diff', { query: { from, to } })
  return (
    <Panel
      title={strings.comparison(from, to)}
      className="fill"
      actions={
        <Button size="compact-sm" variant="default" onClick={() => changeQuery({ from: undefined, to: undefined })}>
          {strings.toHistory}
        </Button>
      }
    >
      <Asked query={diff}>
        {({ patch, counts, reason }) => (
          <>
            {counts !== null && <p className="quiet">{strings.counts(counts.added, counts.changed, counts.removed)}</p>}
            {reason !== null && <p className="quiet">{reason}</p>}
            {patch === '' ? (
              <EmptyState text={strings.noDifference} />
            ) : (
              <DiffView patch={patch} label={strings.comparison(from, to)} />
            )}
          </>
        )}
      </Asked>
    </Panel>
  )
}

export function VersionFiles({ version }: { version: string }) {
  const detail = useAsk('GET /api/v1/config/history/{version}', { params: { version: Number(version) } })
  const take = useMutation({
    mutationFn: async (path: string) => {
      const { text } = await call('GET /api/v1/config/history/{version}/file', {
        params: { version: Number(version) },
        query: { path },
      })
      saveFile(`v${version}-${path.split('/').at(-1)}`, new Blob([text], { type: 'text/plain' }))
    },
  })
  return (
    <Panel
      title={strings.filesOf(version)}
      actions={
        <Button size="compact-sm" variant="default" onClick={() => changeQuery({ version: undefined })}>
          {partStrings.close}
        </Button>
      }
    >
      <Asked query={detail}>
        {({ files }) => (
          <ul className="config-version-files">
            {files.map(({ path, bytes }) => (
              <li key={path}>
                <bdi className="clip">{path}</bdi>
                <span className="quiet numbers">{strings.bytes(formatCount(bytes))}</span>
                <Button size="compact-xs" variant="default" onClick={() => take.mutate(path)}>
                  {strings.download(path)}
                </Button>
              </li>
            ))}
          </ul>
        )}
      </Asked>
      <ProblemNote error={take.error} />
    </Panel>
  )
}
