/** The support bundle: what is in it, what is left out, and the button that makes it. */
import { Button } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useAccess } from '../../access/context.ts'
import { request } from '../../api/client.ts'
import { formatBytes } from '../../format.ts'
import { fileNameOf, saveFile } from '../../parts/download.ts'
import { Elapsed } from '../../parts/elapsed.tsx'
import { Panel } from '../../parts/panel.tsx'
import { ProblemNote } from '../../parts/problem-note.tsx'
import { diagnosticStrings } from '../../strings/diagnostics.ts'

const strings = diagnosticStrings.bundle

export default function BundleTab() {
  const { state } = useAccess()
  const user = 'user' in state ? state.user : undefined
  const may =
    user?.permissions.includes('config.read') === true &&
    user.permissions.includes('diagnose') &&
    !user.limited.includes('diagnose')
  const make = useMutation({
    mutationFn: async () => {
      const response = await request('GET /api/v1/diagnostics/bundle', {})
      const [name, content] = [fileNameOf(response, 'bifrost-support.tar.gz'), await response.blob()]
      saveFile(name, content)
      return { name, size: content.size }
    },
  })
  return (
    <Panel title={strings.panel}>
      <p>{strings.about}</p>
      <div className="grid-panels bundle-lists">
        <List title={strings.inside} items={strings.insideList} />
        <List title={strings.outside} items={strings.outsideList} />
      </div>
      {may ? (
        <Button disabled={make.isPending} onClick={() => make.mutate()}>
          {strings.download}
        </Button>
      ) : (
        <p className="quiet">{strings.forbidden}</p>
      )}
      {make.isPending && <Elapsed label={strings.busy} />}
      {make.data !== undefined && <p role="status">{strings.saved(make.data.name, formatBytes(make.data.size))}</p>}
      <ProblemNote error={make.error} what={strings.failed} />
    </Panel>
  )
}

function List({ title, items }: { title: string; items: readonly string[] }) {
  return (
    <section>
      <h3>{title}</h3>
      <ul className="problem-places">
        {items.map((item) => (
          <li key={item}>{item}</li>
        ))}
      </ul>
    </section>
  )
}
