/** Whose tags: the devices of the configuration. */
import { useAsk } from '../../api/ask.ts'
import { Asked } from '../../parts/asked.tsx'
import { DataTable, type Column } from '../../parts/data-table.tsx'
import { EmptyState } from '../../parts/empty-state.tsx'
import { FilterInput, matchesWords } from '../../parts/filter-input.tsx'
import { Panel } from '../../parts/panel.tsx'
import { hrefOf, navigate, useQueryPart } from '../../shell/address.ts'
import { Link } from '../../shell/link.tsx'
import { tagStrings } from '../../strings/tags.ts'

const strings = tagStrings.devices

interface ConfiguredDevice {
  readonly name: string
  readonly type: string
  readonly owner: string | null
}

const hrefOfTags = (device: string): string => hrefOf('/tags', { device })

const COLUMNS: readonly Column<ConfiguredDevice>[] = [
  {
    id: 'name',
    title: strings.name,
    width: 'minmax(160px, 2fr)',
    render: ({ name }) => (
      <Link href={hrefOfTags(name)}>
        <bdi>{name}</bdi>
      </Link>
    ),
    sort: ({ name }) => name,
  },
  { id: 'driver', title: strings.driver, width: '140px', render: ({ type }) => type, sort: ({ type }) => type },
  {
    id: 'owner',
    title: strings.owner,
    width: 'minmax(160px, 2fr)',
    render: ({ owner }) => <code>{owner ?? ''}</code>,
    sort: ({ owner }) => owner,
  },
]

export function DeviceList() {
  const devices = useAsk('GET /api/v1/config/devices', { query: { limit: 10_000 } })
  const [filter] = useQueryPart('q')
  return (
    <Panel title={strings.choose} className="fill" actions={<FilterInput hint={strings.name} />}>
      <Asked query={devices}>
        {({ objects }) => (
          <DataTable
            fill
            label={strings.table}
            columns={COLUMNS}
            rows={objects.filter(({ name, type }) => matchesWords(filter, [name, type]))}
            keyOf={({ name }) => name}
            onOpen={({ name }) => navigate(hrefOfTags(name))}
            empty={
              objects.length === 0 ? (
                <EmptyState text={strings.empty}>
                  <Link href="/add-device">{strings.add}</Link>
                </EmptyState>
              ) : (
                <EmptyState text={tagStrings.noMatch} />
              )
            }
          />
        )}
      </Asked>
    </Panel>
  )
}
