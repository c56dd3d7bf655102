/** Roles as a table: a line a permission, a column a role; those of the configuration are said to be so. */
import { useAsk } from '../../api/ask.ts'
import { Asked } from '../../parts/asked.tsx'
import { DataTable, type Column } from '../../parts/data-table.tsx'
import { peopleStrings } from '../../strings/people.ts'
import { reachOf, type PermissionInfo, type Role } from './grants.ts'

const strings = peopleStrings.roles

export default function RolesTab() {
  const roles = useAsk('GET /api/v1/roles', {})
  return (
    <Asked query={roles}>
      {(answer) => (
        <>
          <p className="quiet">{strings.about}</p>
          <DataTable
            label={strings.list}
            columns={columnsOf(answer.roles)}
            rows={answer.permissions}
            keyOf={({ name }) => name}
            rowPx={32}
            fill
          />
        </>
      )}
    </Asked>
  )
}

const columnsOf = (roles: readonly Role[]): readonly Column<PermissionInfo>[] => [
  { id: 'permission', title: strings.permission, width: '150px', render: ({ name }) => <code>{name}</code> },
  {
    id: 'means',
    title: strings.means,
    width: 'minmax(220px, 2fr)',
    render: ({ means }) => <span title={means}>{means}</span>,
  },
  ...roles.map((role): Column<PermissionInfo> => {
    const title = role.custom ? strings.custom(role.name) : role.name
    return {
      id: `role-${role.name}`,
      title,
      width: `minmax(${Math.max(84, title.length * 8)}px, 1fr)`,
      render: (permission) => <Reach reach={reachOf(role.grants, permission)} />,
    }
  }),
]

function Reach({ reach }: { reach: string | undefined }) {
  if (reach === undefined) return <span className="quiet">–</span>
  if (reach === '') return <strong>{peopleStrings.yes}</strong>
  return <span title={strings.only(reach)}>{strings.only(reach)}</span>
}
