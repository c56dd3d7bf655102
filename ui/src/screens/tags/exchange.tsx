/** The list of a device to a file and from one. */
import { Button } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { request } from '../../api/client.ts'
import { fileNameOf, saveFile } from '../../parts/download.ts'
import { Elapsed } from '../../parts/elapsed.tsx'
import { ProblemNote } from '../../parts/problem-note.tsx'
import { tagStrings } from '../../strings/tags.ts'

const strings = tagStrings.export

interface Props {
  readonly device: string
  /** How many changes are not in the file. */
  readonly unsaved: number
  /** Undefined: whoever looks may change nothing. */
  readonly onImport: (() => void) | undefined
}

export function Exchange({ device, unsaved, onImport }: Props) {
  const take = useMutation({
    mutationFn: async (format: 'csv' | 'xlsx') => {
      const input = { params: { device }, query: { format } }
      const response = await request('GET /api/v1/config/devices/{device}/tags/export', input)
      saveFile(fileNameOf(response, `tags.${format}`), await response.blob())
    },
  })
  const hint = unsaved === 0 ? undefined : strings.withoutUnsaved
  return (
    <>
      {onImport !== undefined && (
        <Button
          size="compact-sm"
          variant="default"
          disabled={unsaved > 0}
          title={unsaved > 0 ? strings.saveFirst : undefined}
          onClick={onImport}
        >
          {strings.import}
        </Button>
      )}
      {(['csv', 'xlsx'] as const).map((format) => (
        <Button
          key={format}
          size="compact-sm"
          variant="default"
          title={hint}
          disabled={take.isPending}
          onClick={() => take.mutate(format)}
        >
          {strings[format]}
        </Button>
      ))}
      {take.isPending && <Elapsed label={strings.asking} />}
      <ProblemNote error={take.error} what={strings.failed} />
    </>
  )
}
