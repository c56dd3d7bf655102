/** `/api/v1/users` and `/api/v1/roles`: the people who may sign in, and what roles there are. Each change is audited. */
import { GatewayError } from '../../core/errors.ts'
import { PERMISSIONS, type Permission } from '../../core/permissions.ts'
import {
  addUserBody,
  changeUserBody,
  doneSchema,
  reasonQuery,
  resetPasswordBody,
  rolesSchema,
  userParams,
  userSchema,
  usersSchema,
} from '../account-schemas.ts'
import { grantView, userView } from '../account-views.ts'
import type { App, RouteContext } from '../app.ts'
import { accountsOf, actorOf } from '../auth/accounts-of.ts'
import { pageOf, pageQuery } from '../paging.ts'
import { answers } from '../schemas.ts'

const tags = ['accounts']
const config = { permission: 'accounts.manage', problems: ['NOT_FOUND', 'CONFLICT'] } as const

export function userRoutes(app: App, { gateway, door }: RouteContext): void {
  app.route({
    method: 'GET',
    url: '/api/v1/users',
    config,
    schema: {
      tags,
      summary: 'Everybody who may sign in',
      querystring: pageQuery(1000, 1000),
      response: answers(usersSchema),
    },
    handler: ({ query }) => {
      const { rows, next } = pageOf('users', accountsOf(gateway).users.list(), ({ name }) => name, query)
      return { users: rows.map(userView), next }
    },
  })

  app.route({
    method: 'POST',
    url: '/api/v1/users',
    config,
    schema: { tags, summary: 'Add a user', body: addUserBody, response: answers(userSchema) },
    handler: async (request) => {
      const { reason, ...user } = request.body
      return userView(await accountsOf(gateway).users.add(user, actorOf(door, request, reason)))
    },
  })

  app.route({
    method: 'GET',
    url: '/api/v1/users/:user',
    config,
    schema: { tags, summary: 'One user', params: userParams, response: answers(userSchema) },
    handler: ({ params }) => userView(find(params.user)),
  })

  app.route({
    method: 'PATCH',
    url: '/api/v1/users/:user',
    config,
    schema: {
      tags,
      summary: 'Give a user other roles, let them in or not, end a pause',
      params: userParams,
      body: changeUserBody,
      response: answers(userSchema),
    },
    handler: async (request) => {
      const { users } = accountsOf(gateway)
      const { name } = find(request.params.user)
      const { roles, enabled, unlock, reason } = request.body
      const actor = actorOf(door, request, reason)
      if (roles !== undefined) await users.setRoles(name, roles, actor)
      if (enabled !== undefined) await users.setEnabled(name, enabled, actor)
      if (unlock === true) await users.unlock(name, actor)
      return userView(find(name))
    },
  })

  app.route({
    method: 'PUT',
    url: '/api/v1/users/:user/password',
    config,
    schema: {
      tags,
      summary: 'Set a new password for a user, when the old one is lost',
      description: 'All sessions of the user end.',
      params: userParams,
      body: resetPasswordBody,
      response: answers(doneSchema),
    },
    handler: async (request) => {
      const { password, reason } = request.body
      await accountsOf(gateway).users.resetPassword(request.params.user, password, actorOf(door, request, reason))
      return { done: true }
    },
  })

  app.route({
    method: 'DELETE',
    url: '/api/v1/users/:user',
    config,
    schema: {
      tags,
      summary: 'Remove a user, with sessions and tokens',
      params: userParams,
      querystring: reasonQuery,
      response: answers(doneSchema),
    },
    handler: async (request) => {
      await accountsOf(gateway).users.remove(request.params.user, actorOf(door, request, request.query.reason))
      return { done: true }
    },
  })

  app.route({
    method: 'GET',
    url: '/api/v1/roles',
    config,
    schema: { tags, summary: 'Roles, and the permissions that they are made of', response: answers(rolesSchema) },
    handler: () => ({
      roles: accountsOf(gateway)
        .roles()
        .map(({ name, custom, grants }) => ({ name, custom, grants: grants.map(grantView) })),
      permissions: (Object.keys(PERMISSIONS) as Permission[]).map((name) => ({ name, ...PERMISSIONS[name] })),
      next: null,
    }),
  })

  function find(name: string) {
    const user = accountsOf(gateway).users.get(name)
    if (user === undefined) throw new GatewayError('NOT_FOUND', `there is no user ${name}`)
    return user
  }
}
