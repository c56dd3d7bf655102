/**
 * `/api/v1/config/devices|sinks|sections`: the objects of the configuration as they are written, and changes of them in the very file that
 * owns them. Everything that is read has the ETag of the version that runs; a change says by If-Match which version its author has seen.
 */
import { z } from 'zod'
import { formatObject, type ConfigEdit, type ObjectName } from '../../config/edit/object-name.ts'
import type { OwnedObject } from '../../config/owned-settings.ts'
import { flatten } from '../../config/plan/shown-options.ts'
import { toTag } from '../../config/render.ts'
import type { DeviceConfig, SinkConfig } from '../../config/config.ts'
import { GatewayError } from '../../core/errors.ts'
import type { App, RouteContext } from '../app.ts'
import { edit, liveConfigOf, planned, withEtag } from '../config-desk.ts'
import {
  addBody,
  addTagBody,
  editedSchema,
  editsBody,
  howQuery,
  objectListSchema,
  objectSchema,
  patchBody,
  planBody,
  planSchema,
  tagListSchema,
} from '../config-edit-schemas.ts'
import { LIMITS } from '../limits.ts'
import { ownerships } from '../owners.ts'
import { pageOf, pageQuery } from '../paging.ts'
import { answers } from '../schemas.ts'

const tags = ['configuration']
const read = { permission: 'config.read', problems: ['NOT_FOUND', 'CONFIG_INVALID', 'CONFLICT'] } as const
const write = {
  permission: 'config.write',
  problems: ['NOT_FOUND', 'CONFIG_INVALID', 'CONFLICT', 'CHANGED_MEANWHILE', 'CONFIG_READ_ONLY', 'IF_MATCH_REQUIRED'],
} as const
const name = z.string().min(1).max(LIMITS.nameLength)
const WITH_MATCH =
  'If-Match: the ETag with which it was read, else IF_MATCH_REQUIRED. Where it differs by now: CHANGED_MEANWHILE, with a diff.'

export function configObjectRoutes(app: App, { gateway }: RouteContext): void {
  const live = () => liveConfigOf(gateway)
  const objectsOf = { device: () => gateway.config.devices, sink: () => gateway.config.sinks }

  for (const kind of ['device', 'sink'] as const) {
    const url = `/api/v1/config/${kind}s`
    const params = z.object({ [kind]: name })
    const object = (given: unknown): ObjectName => ({ kind, name: (given as Record<string, string>)[kind]! })

    app.route({
      method: 'GET',
      url,
      config: read,
      schema: {
        tags,
        summary: `The ${kind}s of the configuration, with their owners`,
        querystring: pageQuery(LIMITS.maxPageRows, LIMITS.maxPageRows),
        response: answers(objectListSchema),
      },
      handler: ({ query }, reply) => {
        const all: readonly (DeviceConfig | SinkConfig)[] = objectsOf[kind]()
        const { rows, next } = pageOf(url, all, ({ name: one }) => one, query)
        const ownershipOf = ownerships(gateway.config)
        const objects = rows.map(({ name: one, type, enabled, origin }) => ({
          name: one,
          type: type.name,
          enabled,
          ...ownershipOf(origin),
        }))
        return withEtag(reply, live()).send({ objects, next })
      },
    })

    app.route({
      method: 'POST',
      url,
      config: write,
      schema: {
        tags,
        summary: `Add a ${kind}`,
        description: 'It goes to `conf.d/ui.yaml`, or to the file that `into` names.',
        body: addBody,
        response: answers(editedSchema),
      },
      handler: (request) => {
        const { entry, into, ...how } = request.body
        return edit(live(), request, { edits: () => [{ do: 'add', kind, entry, into }], objects: [] }, how)
      },
    })

    app.route({
      method: 'GET',
      url: `${url}/:${kind}`,
      config: read,
      schema: {
        tags,
        summary: `A ${kind} as it is written, with the place of each setting`,
        params,
        response: answers(objectSchema),
      },
      handler: (request, reply) => {
        const view = viewOf(live().written.object(object(request.params).name), kind)
        return withEtag(reply, live()).send(view)
      },
    })

    app.route({
      method: 'PATCH',
      url: `${url}/:${kind}`,
      config: write,
      schema: {
        tags,
        summary: `Change settings of a ${kind}`,
        description: WITH_MATCH,
        params,
        body: patchBody,
        response: answers(editedSchema),
      },
      handler: (request) => change(request, object(request.params)),
    })

    app.route({
      method: 'DELETE',
      url: `${url}/:${kind}`,
      config: write,
      schema: {
        tags,
        summary: `Remove a ${kind}`,
        description: `Comments above it and a tag list of its own stay. ${WITH_MATCH}`,
        params,
        querystring: howQuery,
        response: answers(editedSchema),
      },
      handler: (request) => remove(request, object(request.params)),
    })
  }

  const section = z.object({ section: name })
  app.route({
    method: 'GET',
    url: '/api/v1/config/sections/:section',
    config: read,
    schema: {
      tags,
      summary: 'A section such as `store`, with the place of each setting',
      params: section,
      response: answers(objectSchema),
    },
    handler: (request, reply) =>
      withEtag(reply, live()).send(viewOf(live().written.object(request.params.section), 'section')),
  })
  app.route({
    method: 'PATCH',
    url: '/api/v1/config/sections/:section',
    config: write,
    schema: {
      tags,
      summary: 'Change settings of a section',
      description: WITH_MATCH,
      params: section,
      body: patchBody,
      response: answers(editedSchema),
    },
    handler: (request) => change(request, { kind: 'section', name: request.params.section }),
  })

  const list = '/api/v1/config/devices/:device/tags'
  app.route({
    method: 'GET',
    url: list,
    config: read,
    schema: {
      tags,
      summary: 'The tags of a device, each with the row that it is written in',
      params: z.object({ device: name }),
      querystring: z.object({
        limit: z.coerce.number().int().min(1).max(LIMITS.maxPageRows).default(LIMITS.pageRows),
        cursor: z
          .string()
          .regex(/^\d{1,9}$/)
          .optional(),
      }),
      response: answers(tagListSchema),
    },
    handler: (request, reply) => {
      const { limit, cursor } = request.query
      const device = gateway.config.devices.find((one) => one.name === request.params.device)
      if (device === undefined) throw new GatewayError('NOT_FOUND', `there is no device "${request.params.device}"`)
      const places = live().written.tagPlaces(device.name)
      const from = Number(cursor ?? 0)
      const page = device.tags.slice(from, from + limit).map(({ settings }) => ({
        name: settings.name,
        owner: places.get(settings.name) ?? null,
        settings: Object.fromEntries(flatten(toTag(settings, device))),
      }))
      const next = from + limit < device.tags.length ? String(from + limit) : null
      return withEtag(reply, live()).send({ tags: page, next })
    },
  })
  app.route({
    method: 'POST',
    url: list,
    config: write,
    schema: {
      tags,
      summary: 'Add a tag to the list of a device',
      params: z.object({ device: name }),
      body: addTagBody,
      response: answers(editedSchema),
    },
    handler: (request) => {
      const { entry, choice, ...how } = request.body
      const { device } = request.params
      return edit(
        live(),
        request,
        { edits: () => [{ do: 'add', kind: 'tag', device, entry, choice }], objects: [] },
        how,
      )
    },
  })

  const one = `${list}/*`
  app.route({
    method: 'GET',
    url: one,
    config: read,
    schema: {
      tags,
      summary: 'A tag as it is written, with the place of each setting',
      params: z.object({ device: name, tag: name }),
      response: answers(objectSchema),
    },
    handler: (request, reply) =>
      withEtag(reply, live()).send(viewOf(live().written.object(formatObject(tagOf(request.params)).slice(4)), 'tag')),
  })
  app.route({
    method: 'PATCH',
    url: one,
    config: write,
    schema: {
      tags,
      summary: 'Change settings of a tag',
      description: WITH_MATCH,
      params: z.object({ device: name, tag: name }),
      body: patchBody,
      response: answers(editedSchema),
    },
    handler: (request) => change(request, tagOf(request.params)),
  })
  app.route({
    method: 'DELETE',
    url: one,
    config: write,
    schema: {
      tags,
      summary: 'Remove a tag',
      description: WITH_MATCH,
      params: z.object({ device: name, tag: name }),
      querystring: howQuery,
      response: answers(editedSchema),
    },
    handler: (request) => remove(request, tagOf(request.params)),
  })

  app.route({
    method: 'POST',
    url: '/api/v1/config/edits',
    config: write,
    bodyLimit: LIMITS.configBodyBytes,
    schema: {
      tags,
      summary: 'Many edits at once: all of them or none',
      description: WITH_MATCH,
      body: editsBody,
      response: answers(editedSchema),
    },
    handler: (request) => {
      const { edits, ...how } = request.body
      edits.forEach(refuseBlank)
      return edit(live(), request, { edits: () => edits, objects: edits.flatMap(lookedAt) }, how)
    },
  })

  app.route({
    method: 'GET',
    url: '/api/v1/config/plan',
    config: read,
    schema: {
      tags,
      summary: 'What the files on the disk would change, and the load that it means',
      response: answers(planSchema),
    },
    handler: () => planned(() => live().planFiles({})),
  })
  app.route({
    method: 'POST',
    url: '/api/v1/config/plan',
    config: read,
    bodyLimit: LIMITS.configBodyBytes,
    schema: {
      tags,
      summary: 'What files or edits would change, and the load that it means',
      body: planBody,
      response: answers(planSchema),
    },
    handler: ({ body: { files, edits } }) => {
      if (edits === undefined) return planned(() => live().planFiles({ files }))
      if (files !== undefined) throw new GatewayError('INVALID_REQUEST', 'give files or edits, not both')
      return planned(() => live().planEdits({ edits: () => edits, objects: [] }))
    },
  })

  type Change = Parameters<typeof edit>[1]

  function change(request: Change & { body: z.output<typeof patchBody> }, object: ObjectName) {
    const { set, unset, choice, ...how } = request.body
    const edits: ConfigEdit[] = [
      ...Object.entries(set).map(([key, value]) => ({
        do: 'set' as const,
        object,
        setting: stepsOf(key),
        value,
        choice,
      })),
      ...unset.map((key) => ({ do: 'unset' as const, object, setting: stepsOf(key), choice })),
    ]
    if (edits.length === 0) throw new GatewayError('INVALID_REQUEST', 'body: name what to `set` or to `unset`')
    edits.forEach(refuseBlank)
    return edit(live(), request, { edits: () => edits, objects: [object] }, how)
  }

  function remove(request: Change & { query: z.output<typeof howQuery> }, object: ObjectName) {
    const { choice, ...how } = request.query
    return edit(live(), request, { edits: () => [{ do: 'remove', object, choice }], objects: [object] }, how)
  }
}

const tagOf = ({ device, tag }: { device: string; tag: string }): ObjectName => ({ kind: 'tag', device, name: tag })

const lookedAt = (one: ConfigEdit): ObjectName[] => (one.do === 'add' ? [] : [one.object])

/** `options.headers.X\.Y` → three steps. */
const stepsOf = (setting: string): string[] => setting.split(/(?<!\\)\./).map((step) => step.replaceAll('\\.', '.'))

/** A form that sends back what it was shown would make three stars of a password. */
function refuseBlank(one: ConfigEdit): void {
  if (one.do !== 'set' || one.value !== '***') return
  const what = `${formatObject(one.object)}, ${one.setting.join('.')}`
  throw new GatewayError(
    'INVALID_REQUEST',
    `${what}: *** stands for a secret that is not shown; send only what changes`,
  )
}

function viewOf(object: OwnedObject, kind: OwnedObject['kind']) {
  if (object.kind !== kind)
    throw new GatewayError('NOT_FOUND', `there is no ${kind} "${object.name}" in the configuration`)
  return { ...object, owner: object.owner ?? null }
}
