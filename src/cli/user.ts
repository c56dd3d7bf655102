/** `bifrost user …`: the people who may sign in, on the host of the gateway. A gateway that runs sees each change within a second. */
import { GatewayError } from '../core/errors.ts'
import type { Accounts } from '../gateway.ts'
import { listOption, whenText, withAccounts, type Actor } from './account-desk.ts'
import { textOption, type Call } from './call.ts'
import { columns } from './columns.ts'
import { Exit } from './exit-code.ts'
import { askNewPassword } from './password-prompt.ts'

type User = ReturnType<Accounts['users']['list']>[number]

export function add(call: Call): Promise<number> {
  const name = call.args[0]!
  return withAccounts(call, async (accounts, actor) => {
    if (accounts.users.get(name) !== undefined) throw new GatewayError('CONFLICT', `There is a user "${name}" already.`)
    const roles = listOption(call, 'role') ?? [accounts.needsSetup ? 'admin' : 'viewer']
    const password = await askNewPassword(call.terminal, `Password of ${name}`)
    return done(call, await accounts.users.add({ name, password, roles }, actor), 'added')
  })
}

export function list(call: Call): Promise<number> {
  return withAccounts(call, ({ users }) => {
    const all = users.list()
    if (call.terminal.json) call.terminal.resultJson({ users: all.map(toJson) })
    else if (all.length === 0)
      call.terminal.say('There are no users; `bifrost user add NAME` adds the first administrator.')
    else
      for (const line of columns([
        ['NAME', 'ROLES', 'STATE', 'FROM', 'LAST SIGN-IN', 'SESSIONS'],
        ...all.map((user) => [
          user.name,
          user.roles.join(','),
          user.enabled ? 'enabled' : 'disabled',
          user.origin,
          whenText(user.lastSignInAt),
          String(user.sessions),
        ]),
      ]))
        call.terminal.result(line)
    return Exit.ok
  })
}

export function reset(call: Call): Promise<number> {
  const name = call.args[0]!
  return withAccounts(call, async ({ users }, actor) => {
    if (users.get(name) === undefined) throw new GatewayError('NOT_FOUND', `There is no user "${name}".`)
    await users.resetPassword(name, await askNewPassword(call.terminal, `New password of ${name}`), actor)
    return done(call, users.get(name)!, 'has the new password; all sessions ended')
  })
}

export const disable = (call: Call): Promise<number> =>
  change(call, 'is disabled; all sessions ended', ({ users }, name, actor) => users.setEnabled(name, false, actor))

export const enable = (call: Call): Promise<number> =>
  change(call, 'is enabled', ({ users }, name, actor) => users.setEnabled(name, true, actor))

export const role = (call: Call): Promise<number> =>
  change(call, 'has the new roles; all sessions ended', ({ users }, name, actor) =>
    users.setRoles(
      name,
      call.args.slice(1).flatMap((word) => word.split(',').filter((each) => each !== '')),
      actor,
    ),
  )

export function remove(call: Call): Promise<number> {
  const name = call.args[0]!
  if (textOption(call, 'confirm') !== name)
    throw new GatewayError(
      'USAGE',
      `this cannot be undone: say --confirm ${name}; \`bifrost user disable ${name}\` can be`,
    )
  return withAccounts(call, async ({ users }, actor) => {
    await users.remove(name, actor)
    if (call.terminal.json) call.terminal.resultJson({ removed: name })
    else call.terminal.result(`${name} is removed, with sessions and tokens`)
    return Exit.ok
  })
}

function change(
  call: Call,
  words: string,
  work: (accounts: Accounts, name: string, actor: Actor) => Promise<User>,
): Promise<number> {
  return withAccounts(call, async (accounts, actor) => done(call, await work(accounts, call.args[0]!, actor), words))
}

function done({ terminal }: Call, user: User, words: string): number {
  if (terminal.json) terminal.resultJson({ user: toJson(user) })
  else terminal.result(`${user.name} (${user.roles.join(', ')}) ${words}`)
  return Exit.ok
}

/** Pauses are not shown: they are in the memory of the gateway that runs. */
function toJson({ name, origin, roles, enabled, sessions, ...times }: User) {
  const iso = (time: number | null) => (time === null ? null : new Date(time).toISOString())
  return {
    name,
    origin,
    roles,
    enabled,
    sessions,
    createdAt: iso(times.createdAt),
    passwordChangedAt: iso(times.passwordChangedAt),
    lastSignInAt: iso(times.lastSignInAt),
  }
}
