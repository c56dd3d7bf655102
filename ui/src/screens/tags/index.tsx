/** Tags as they are configured: a device is chosen, its list is a table to edit; nothing is changed before it is saved. */
import { Button } from '@mantine/core'
import { useState } from 'react'
import { useAsk } from '../../api/ask.ts'
import { Asked } from '../../parts/asked.tsx'
import { Elapsed } from '../../parts/elapsed.tsx'
import { useQueryPart, hrefOf } from '../../shell/address.ts'
import { Link } from '../../shell/link.tsx'
import { useMay } from '../../shell/permissions.ts'
import { StateMark } from '../../status-mark.tsx'
import { partStrings } from '../../strings/parts.ts'
import { tagStrings as strings } from '../../strings/tags.ts'
import { DeviceList } from './device-list.tsx'
import { TagTable } from './table.tsx'
import './tags.css'
import type { Applied } from './use-save.ts'
import { useSheet, type LoadedSheet } from './use-sheet.ts'

export default function Tags() {
  const [device] = useQueryPart('device')
  return (
    <>
      <div className="bar">
        <h1 className="screen-title">{strings.title}</h1>
        {device !== '' && (
          <>
            <bdi className="tag-device clip" title={device}>
              {device}
            </bdi>
            <Link href="/tags">{strings.toDevices}</Link>
          </>
        )}
      </div>
      {device === '' ? <DeviceList /> : <OfDevice key={device} device={device} />}
    </>
  )
}

function OfDevice({ device }: { device: string }) {
  const { query, loaded, reload } = useSheet(device)
  const [applied, setApplied] = useState<Applied>()
  const status = useAsk('GET /api/v1/config/status', {}, { everyMs: 5000 }).data
  const written = useAsk('GET /api/v1/config/devices/{device}', { params: { device } }).data
  const owner = written?.settings.find(({ setting }) => setting === 'tags')?.origin ?? written?.owner ?? null
  const may = useMay('config.write')
  const why = may ? (status?.readOnly === true ? status.readOnlyReason : null) : strings.noRight
  if (loaded === undefined)
    return (
      <>
        {applied !== undefined && <Saved applied={applied} />}
        <Asked query={query}>{() => (query.isFetching ? <Elapsed label={partStrings.loading} /> : null)}</Asked>
      </>
    )
  return (
    <>
      {owner !== null && (
        <p className="quiet tag-owner">
          {strings.ownerOf} <code>{owner}</code>
        </p>
      )}
      {why !== null && <p className="quiet">{strings.readOnly(why)}</p>}
      {applied !== undefined && <Saved applied={applied} />}
      {status !== undefined && `"${status.hash}"` !== loaded.tag && <Newer loaded={loaded} onLoad={reload} />}
      <TagTable
        loaded={loaded}
        editable={may}
        isYaml={!isCsv(owner)}
        onSaved={(done) => {
          setApplied(done)
          void reload(false)
        }}
        onReload={(keep) => void reload(keep)}
      />
    </>
  )
}

/** `plc.csv:1`; everything else is YAML. */
const isCsv = (owner: string | null): boolean => owner !== null && /\.csv(?::\d+)*$/i.test(owner)

function Saved({ applied: { version, confirmUntil } }: { applied: Applied }) {
  return (
    <p className="tag-note" role="status" data-testid="saved">
      {(confirmUntil === null ? strings.savedAs : strings.savedTrial)(version)}
      <Link href={hrefOf('/configuration', { tab: confirmUntil === null ? 'history' : undefined })}>
        {strings.toConfiguration}
      </Link>
    </p>
  )
}

/** Somebody else was here. */
function Newer({ loaded, onLoad }: { loaded: LoadedSheet; onLoad(keep: boolean): Promise<void> }) {
  const history = useAsk('GET /api/v1/config/history', {})
  const newest = history.data?.versions[0]
  const keeps = loaded.sheet.pending.size > 0
  return (
    <p className="tag-note" data-testid="newer">
      <span className="state-word">
        <StateMark state="Degraded" />{' '}
        {newest === undefined ? strings.newerPlain : strings.newer(newest.version, newest.user)}
      </span>
      <Button size="compact-sm" variant="default" onClick={() => void onLoad(keeps)}>
        {keeps ? strings.loadNewerKeep : strings.loadNewer}
      </Button>
    </p>
  )
}
