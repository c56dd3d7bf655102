/** `bifrost token …`: API tokens of programs, on the host of the gateway. */
import { parseDuration } from '../core/duration.ts'
import { GatewayError } from '../core/errors.ts'
import { PERMISSIONS, type Permission } from '../core/permissions.ts'
import { closest } from '../config/suggestion.ts'
import type { Accounts } from '../gateway.ts'
import { listOption, whenText, withAccounts } from './account-desk.ts'
import { textOption, type Call } from './call.ts'
import { columns } from './columns.ts'
import { Exit } from './exit-code.ts'

type Token = ReturnType<Accounts['tokens']['list']>[number]
type Grant = Token['grants'][number]

export function create(call: Call): Promise<number> {
  const name = call.args[0]!
  const expiresAt = expiryOf(textOption(call, 'expires') ?? '90d')
  return withAccounts(call, async (accounts, actor) => {
    const { token, info } = await accounts.tokens.create({ name, grants: grantsOf(call, accounts), expiresAt }, actor)
    if (call.terminal.json) call.terminal.resultJson({ token, ...toJson(info) })
    else {
      call.terminal.result(token)
      call.terminal.say(`Keep it now: it is not shown again. It is sent as "Authorization: Bearer …"; ${lifeOf(info)}.`)
    }
    return Exit.ok
  })
}

export function list(call: Call): Promise<number> {
  return withAccounts(call, ({ tokens }) => {
    const all = tokens.list()
    if (call.terminal.json) call.terminal.resultJson({ tokens: all.map(toJson) })
    else if (all.length === 0) call.terminal.say('There are no tokens.')
    else
      for (const line of columns([
        ['ID', 'NAME', 'STATE', 'OF', 'MAY', 'EXPIRES', 'LAST USE'],
        ...all.map((token) => [
          token.id,
          token.name,
          token.state,
          token.owner,
          token.grants.map(grantText).join('; '),
          whenText(token.expiresAt),
          whenText(token.lastUsedAt),
        ]),
      ]))
        call.terminal.result(line)
    return Exit.ok
  })
}

export function revoke(call: Call): Promise<number> {
  const wanted = call.args[0]!
  return withAccounts(call, async ({ tokens }, actor) => {
    const all = tokens.list()
    const found =
      all.find(({ id }) => id === wanted) ?? all.find(({ name, state }) => name === wanted && state === 'valid')
    if (found === undefined) {
      const nearest = closest(
        wanted,
        all.map(({ name }) => name),
      )
      const hint = nearest === undefined ? '' : `; did you mean ${nearest}?`
      throw new GatewayError('NOT_FOUND', `There is no token "${wanted}"${hint}`)
    }
    await tokens.revoke(found.id, actor)
    if (call.terminal.json) call.terminal.resultJson({ revoked: found.id })
    else call.terminal.result(`${found.name} (${found.id}) is revoked`)
    return Exit.ok
  })
}

function grantsOf(call: Call, accounts: Accounts): Grant[] {
  const [named, role] = [listOption(call, 'permission'), textOption(call, 'role')]
  const limits = { devices: listOption(call, 'devices'), areas: listOption(call, 'areas') }
  if ((named === undefined) === (role === undefined))
    throw new GatewayError('USAGE', 'say what it may: --permission view,export, or --role viewer')
  if (role !== undefined) {
    const roles = accounts.roles()
    const found = roles.find((each) => each.name === role)
    if (found === undefined)
      throw new GatewayError(
        'USAGE',
        `there is no role "${role}"; there are ${roles.map((each) => each.name).join(', ')}`,
      )
    if (limits.devices !== undefined || limits.areas !== undefined)
      throw new GatewayError('USAGE', '--devices and --areas go with --permission; a role has its own limits')
    return [...found.grants]
  }
  const unknown = named!.find((word) => !Object.hasOwn(PERMISSIONS, word))
  if (unknown !== undefined) {
    const nearest = closest(unknown, Object.keys(PERMISSIONS))
    const hint =
      nearest === undefined ? `; there are ${Object.keys(PERMISSIONS).join(', ')}` : `; did you mean ${nearest}?`
    throw new GatewayError('USAGE', `there is no permission "${unknown}"${hint}`)
  }
  const given = Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined))
  return [{ permissions: named as Permission[], ...given }]
}

function expiryOf(text: string): number | null {
  if (text === 'never') return null
  const after = parseDuration(text)
  const at = after === undefined ? Date.parse(text) : Date.now() + after
  if (Number.isNaN(at) || (after === undefined && !/^\d{4}-\d\d-\d\d/.test(text)))
    throw new GatewayError('USAGE', `--expires ${text} is no time: say 90d, 2027-01-31T00:00Z or never`)
  return at
}

const lifeOf = ({ expiresAt }: Token): string =>
  expiresAt === null ? 'it never expires' : `it expires at ${whenText(expiresAt)} UTC`

const grantText = ({ permissions, devices, areas }: Grant): string =>
  [
    permissions.join(','),
    ...(devices === undefined ? [] : [`on ${devices.join(',')}`]),
    ...(areas === undefined ? [] : [`in ${areas.join(',')}`]),
  ].join(' ')

function toJson({ createdAt, expiresAt, lastUsedAt, ...token }: Token) {
  const iso = (time: number | null) => (time === null ? null : new Date(time).toISOString())
  return { ...token, createdAt: iso(createdAt), expiresAt: iso(expiresAt), lastUsedAt: iso(lastUsedAt) }
}
