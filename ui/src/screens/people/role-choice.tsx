/** Which roles somebody has: a box a role, with the limits of those that the configuration made. */
import { useAsk } from '../../api/ask.ts'
import { Asked } from '../../parts/asked.tsx'
import { peopleStrings } from '../../strings/people.ts'
import { limitText, type Role } from './grants.ts'

const strings = peopleStrings.people

interface Props {
  readonly chosen: readonly string[]
  onChoose(roles: readonly string[]): void
}

export function RoleChoice({ chosen, onChoose }: Props) {
  const roles = useAsk('GET /api/v1/roles', {})
  return (
    <fieldset className="choices">
      <legend>{strings.roles}</legend>
      <Asked query={roles}>
        {(answer) =>
          [...answer.roles, ...goneOf(chosen, answer.roles)].map((role) => (
            <label key={role.name}>
              <input
                type="checkbox"
                checked={chosen.includes(role.name)}
                onChange={(event) =>
                  onChoose(
                    event.currentTarget.checked ? [...chosen, role.name] : chosen.filter((name) => name !== role.name),
                  )
                }
              />
              {role.name} <span className="quiet">{noteOf(role)}</span>
            </label>
          ))
        }
      </Asked>
      <p className="quiet">{strings.rolesWhy}</p>
    </fieldset>
  )
}

/** Roles that somebody has and the configuration no longer makes: they can only be taken away. */
const goneOf = (chosen: readonly string[], roles: readonly Role[]): Gone[] =>
  chosen.filter((name) => roles.every((role) => role.name !== name)).map((name) => ({ name, isGone: true }))

interface Gone {
  readonly name: string
  readonly isGone: true
}

function noteOf(role: Role | Gone): string {
  if ('isGone' in role) return strings.goneRole
  const { custom, grants } = role
  const limits = [...new Set(grants.map(limitText).filter((text) => text !== undefined))]
  return [...(custom ? [strings.own] : []), ...(limits.length > 0 ? [strings.limited(limits.join(peopleStrings.roles.or))] : [])].join(', ') // prettier-ignore
}
