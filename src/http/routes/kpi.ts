/** `/api/v1/kpi/…`: how reliable devices are, how complete their data, and what assets come to. */
import { z } from 'zod'
import { Slice } from '../../core/slice.ts'
import type { Gateway } from '../../gateway.ts'
import { JSON_TYPE, type App, type RouteContext } from '../app.ts'
import { assetsInSight, sightOf, type Sight } from '../auth/sight.ts'
import { kpiAssetsSchema, kpiDevicesSchema } from '../kpi-schemas.ts'
import { LIMITS } from '../limits.ts'
import { pageOf, pageQuery, type PageQuery } from '../paging.ts'
import { answers } from '../schemas.ts'
import { isoOf } from '../views.ts'

const deviceQuery = pageQuery(LIMITS.maxPageRows, LIMITS.maxPageRows).extend({
  window: z
    .enum(['hour', 'day', 'total'])
    .default('day')
    .describe('By the clock of the gateway; total: since it is kept'),
})
const assetQuery = pageQuery(LIMITS.maxPageRows, LIMITS.maxPageRows).extend({
  window: z
    .enum(['hour', 'shift', 'day', 'total'])
    .default('shift')
    .describe('By the time zone of the asset; shift is the day where it has no shifts'),
})

export function kpiRoutes(app: App, { gateway }: RouteContext): void {
  app.route({
    method: 'GET',
    url: '/api/v1/kpi/devices',
    config: { permission: 'view' },
    schema: {
      tags: ['kpi'],
      summary: 'Reliability of devices and completeness of their data',
      description:
        'Mean time between failures and to recovery, and good samples over expected ones, in the current window and the one before.',
      querystring: deviceQuery,
      response: answers(kpiDevicesSchema),
    },
    handler: async ({ principal, query }, reply) =>
      reply.type(JSON_TYPE).send(await devicesText(gateway, sightOf(principal), query)),
  })
  app.route({
    method: 'GET',
    url: '/api/v1/kpi/assets',
    config: { permission: 'view' },
    schema: {
      tags: ['kpi'],
      summary: 'Availability, performance, quality and OEE of assets',
      description: 'Those of `assets` whose devices are all in sight, in the order of the configuration.',
      querystring: assetQuery,
      response: answers(kpiAssetsSchema),
    },
    handler: ({ principal, query }) => assetsView(gateway, sightOf(principal), query),
  })
}

type DeviceQuery = PageQuery & { readonly window: 'hour' | 'day' | 'total' }

async function devicesText({ kpi, polling }: Gateway, sight: Sight, query: DeviceQuery): Promise<string> {
  const slice = new Slice()
  const inSight = polling.devices.filter(({ name }) => sight?.(name) !== false)
  const { rows, next } = pageOf('kpi-devices', inSight, ({ name }) => name, query)
  const texts: string[] = []
  for (const { name, driver } of rows) {
    const known = kpi.device(name, query.window)
    if (known !== undefined) texts.push(JSON.stringify({ name, driver, isUp: known.isUp, ...windowsView(known) }))
    await slice.breathe()
  }
  let [samplesExpected, samplesGood] = [0, 0]
  for (const { name } of inSight) {
    const figures = kpi.device(name, query.window)?.current?.figures
    samplesExpected += figures?.samplesExpected ?? 0
    samplesGood += figures?.samplesGood ?? 0
    await slice.breathe()
  }
  const completeness = samplesExpected > 0 ? samplesGood / samplesExpected : null
  const rest = JSON.stringify({ sum: { samplesExpected, samplesGood, completeness }, next })
  return `{"window":"${query.window}","devices":[${texts.join(',')}],${rest.slice(1)}`
}

type AssetQuery = PageQuery & { readonly window: 'hour' | 'shift' | 'day' | 'total' }

function assetsView(gateway: Gateway, sight: Sight, query: AssetQuery) {
  const { kpi } = gateway
  const inSight = sight === undefined ? kpi.assets : assetsInSight(gateway, sight)
  const { rows, next } = pageOf('kpi-assets', inSight, ({ name }) => name, query)
  const assets = rows.flatMap(({ name, area, planned }) => {
    const known = kpi.asset(name, query.window === 'shift' && planned.shifts.length === 0 ? 'day' : query.window)
    return known === undefined ? [] : [{ name, area: area ?? null, state: known.state, ...windowsView(known) }]
  })
  return { window: query.window, assets, next }
}

interface Windows<Figures> {
  readonly current: Figured<Figures> | null
  readonly previous: Figured<Figures> | null
}

interface Figured<Figures> {
  readonly from: number | null
  readonly to: number | null
  readonly name: string | null
  readonly figures: Figures
}

function windowsView<Figures>({ current, previous }: Windows<Figures>) {
  const shown = (window: Figured<Figures> | null) =>
    window && { ...window, from: timeOf(window.from), to: timeOf(window.to) }
  return { current: shown(current), previous: shown(previous) }
}

const timeOf = (time: number | null): string | null => (time === null ? null : isoOf(time)!)
