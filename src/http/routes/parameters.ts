/**
 * `/api/v1/devices/{device}/parameters`: the parameter sets of a device, their stored versions, and what is done with them. A restore
 * writes nothing unless it is told to (`dryRun: false`) and the configuration allows it.
 */
import { z } from 'zod'
import { GatewayError } from '../../core/errors.ts'
import type { App, RouteContext } from '../app.ts'
import { askerOf } from '../auth/asker.ts'
import {
  comparisonSchema,
  restorationSchema,
  savedSchema,
  setDetailSchema,
  setReadingSchema,
  setsSchema,
  versionSchema,
} from '../parameter-schemas.ts'
import {
  comparisonView,
  readingView,
  restorationView,
  savedView,
  setDetailView,
  setView,
  versionView,
} from '../parameter-views.ts'
import { answers, deviceParams } from '../schemas.ts'
import { polledDevice } from '../shown-devices.ts'
import { whenGone } from '../when-gone.ts'

/** What reading, comparing and writing a set may come to. */
const DEVICE_PROBLEMS = [
  'NOT_FOUND',
  'CONFLICT',
  'DEVICE_REFUSED',
  'NOT_CONNECTED',
  'TIMEOUT',
  'WRITE_FORBIDDEN',
  'WRITE_LOCKED',
  'STORE_FAILED',
  'SHUTTING_DOWN',
] as const

const BASE = '/api/v1/devices/:device/parameters'

const setParams = deviceParams.extend({ set: z.string().min(1).describe('Name of the parameter set') })
const versionParams = setParams.extend({ version: z.coerce.number().int().min(1).describe('Number of the version') })
const reason = z.string().max(500).optional().describe('Why, for the audit')
const version = z.int().min(1).optional().describe('Number of a stored version; the newest where absent')

const saveBody = z
  .strictObject({
    reason,
    partial: z.boolean().default(false).describe('Save what can be read, where a part cannot be'),
  })
  .nullish()
const compareBody = z.strictObject({ version }).nullish()
const restoreBody = z
  .strictObject({
    version,
    dryRun: z.boolean().default(true).describe('false: write; otherwise what would be written is told'),
    force: z.boolean().default(false).describe('Onto another model, or one that does not say what it is, too'),
    reason,
  })
  .nullish()

export function parameterRoutes(app: App, { gateway }: RouteContext): void {
  const { parameters } = gateway
  const tags = ['parameters']

  app.route({
    method: 'GET',
    url: BASE,
    config: { permission: 'view', problems: ['NOT_FOUND'] },
    schema: {
      tags,
      summary: 'The parameter sets of a device',
      params: deviceParams,
      response: answers(setsSchema),
    },
    handler: async ({ params: { device } }) => {
      polledDevice(gateway, device)
      const sets = []
      for (const { name } of parameters.sets(device))
        sets.push(setView(parameters, device, name, await parameters.versions(device, name)))
      return { sets, next: null }
    },
  })

  app.route({
    method: 'GET',
    url: `${BASE}/:set`,
    config: { permission: 'view', problems: ['NOT_FOUND'] },
    schema: {
      tags,
      summary: 'One parameter set, with its parameters and versions',
      params: setParams,
      response: answers(setDetailSchema),
    },
    handler: async ({ params: { device, set } }) => {
      polledDevice(gateway, device)
      return setDetailView(parameters, device, set, await parameters.versions(device, set))
    },
  })

  app.route({
    method: 'GET',
    url: `${BASE}/:set/versions/:version`,
    config: { permission: 'view', problems: ['NOT_FOUND'] },
    schema: {
      tags,
      summary: 'A stored version with its values',
      params: versionParams,
      response: answers(versionSchema),
    },
    handler: async ({ params: { device, set, version: wanted } }) => {
      polledDevice(gateway, device)
      return versionView(await parameters.stored(device, set, wanted))
    },
  })

  app.route({
    method: 'POST',
    url: `${BASE}/:set/read`,
    config: { permission: 'parameters', problems: DEVICE_PROBLEMS },
    schema: {
      tags,
      summary: 'Read a parameter set from the device',
      params: setParams,
      response: answers(setReadingSchema),
    },
    handler: async ({ params: { device, set } }, reply) => {
      polledDevice(gateway, device)
      return readingView(device, set, await parameters.read(device, set, endOf(reply)))
    },
  })

  app.route({
    method: 'POST',
    url: `${BASE}/:set/save`,
    config: { permission: 'parameters', problems: DEVICE_PROBLEMS },
    schema: {
      tags,
      summary: 'Read a parameter set from the device and keep it as a version',
      description: 'Nothing is added where the newest version says the same.',
      params: setParams,
      body: saveBody,
      response: answers(savedSchema),
    },
    handler: async (request, reply) => {
      const { device, set } = request.params
      const { body } = request
      polledDevice(gateway, device)
      const asked = { ...askerOf(request, body?.reason), partial: body?.partial ?? false }
      return savedView(await parameters.save(device, set, asked, endOf(reply)))
    },
  })

  app.route({
    method: 'POST',
    url: `${BASE}/:set/compare`,
    config: { permission: 'parameters', problems: DEVICE_PROBLEMS },
    schema: {
      tags,
      summary: 'Compare the device with a stored version',
      params: setParams,
      body: compareBody,
      response: answers(comparisonSchema),
    },
    handler: async ({ params: { device, set }, body }, reply) => {
      polledDevice(gateway, device)
      return comparisonView(device, set, await parameters.compare(device, set, body?.version, endOf(reply)))
    },
  })

  app.route({
    method: 'POST',
    url: `${BASE}/:set/restore`,
    config: { permission: 'parameters', problems: DEVICE_PROBLEMS },
    schema: {
      tags,
      summary: 'Write a stored version to the device',
      description:
        'What differs is written in the order of the set, each parameter read back and audited before and after; then all is read once more. Without `dryRun: false` nothing is written. It stops after the parameter that it is at when the request is given up.',
      params: setParams,
      body: restoreBody,
      response: answers(restorationSchema),
    },
    handler: async (request, reply) => {
      const { device, set } = request.params
      polledDevice(gateway, device)
      const { version: wanted, dryRun = true, force = false, reason: why } = request.body ?? {}
      const asked = { ...askerOf(request, why), version: wanted, dryRun, force }
      return restorationView(device, set, await parameters.restore(device, set, asked, endOf(reply)))
    },
  })
}

/** Aborted when whoever asked is gone. */
function endOf(reply: Parameters<typeof whenGone>[0]): AbortSignal {
  const ended = new AbortController()
  whenGone(reply, () => ended.abort(new GatewayError('TIMEOUT', 'whoever asked is gone')))
  return ended.signal
}
