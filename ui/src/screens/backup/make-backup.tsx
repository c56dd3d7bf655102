/** Makes the file and saves it; says what is not in it. */
import { Button } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { request } from '../../api/client.ts'
import { fileNameOf, saveFile } from '../../parts/download.ts'
import { Elapsed } from '../../parts/elapsed.tsx'
import { Panel } from '../../parts/panel.tsx'
import { ProblemNote } from '../../parts/problem-note.tsx'
import { backupStrings } from '../../strings/backup.ts'
import { formatBytes } from './bytes.ts'

const strings = backupStrings.make

export function MakeBackup() {
  const make = useMutation({
    mutationFn: async () => {
      const response = await request('GET /api/v1/backup', {})
      const [name, content] = [fileNameOf(response, 'bifrost.tar.gz'), await response.blob()]
      saveFile(name, content)
      return { name, bytes: content.size }
    },
  })
  return (
    <Panel title={strings.title}>
      <p>{strings.text}</p>
      <p className="quiet">{strings.without}</p>
      <p>
        <Button disabled={make.isPending} onClick={() => make.mutate()}>
          {strings.effect}
        </Button>
      </p>
      {make.isPending && <Elapsed label={strings.busy} />}
      <ProblemNote error={make.error} what={strings.failed} />
      {make.data !== undefined && !make.isPending && (
        <p role="status" data-testid="made">
          {strings.done(make.data.name, formatBytes(make.data.bytes))}
        </p>
      )}
    </Panel>
  )
}
