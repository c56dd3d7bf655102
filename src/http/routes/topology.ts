/** `/api/v1/topology`: the flow as a picture and its table have it. */
import { z } from 'zod'
import type { App, RouteContext } from '../app.ts'
import { sightOf } from '../auth/sight.ts'
import { answers } from '../schemas.ts'
import { GROUPINGS, topology } from '../topology.ts'

const count = () => z.int().min(0)
const state = z.enum(['Running', 'Connecting', 'Degraded', 'Failed', 'Disabled'])

const querySchema = z.object({
  group: z
    .enum(GROUPINGS)
    .optional()
    .describe('What devices are put together by; where absent none up to 500 devices, then areas, lines or drivers'),
})

const nodeSchema = z.object({
  id: z.string(),
  kind: z.enum(['device', 'group', 'gateway', 'sink']),
  name: z.string(),
  type: z.string().nullable().describe('Driver, or kind of the sink'),
  state: state.describe('Of a group: its worst device'),
  reason: z.string().nullable(),
  devices: count(),
  states: z.record(z.string(), count()).describe('Devices of the node by state'),
  tags: count(),
  pending: count().nullable().describe('Samples that wait for this sink'),
})

const edgeSchema = z.object({
  from: z.string(),
  to: z.string(),
  samplesPerSecond: z.number().min(0).nullable().describe('Over the last ten seconds; null: not known'),
  lastAt: z.iso
    .datetime()
    .nullable()
    .describe('Last good value, or last delivery; null: none, or not known, as of devices of other gateways'),
  ageMs: count().nullable(),
})

const topologySchema = z.object({
  grouping: z.enum(GROUPINGS),
  devices: count(),
  leftOut: count().describe('Groups for which there was no room: group by something coarser'),
  nodes: z.array(nodeSchema),
  edges: z.array(edgeSchema),
  next: z.null(),
})

export function topologyRoutes(app: App, { gateway, system }: RouteContext): void {
  app.route({
    method: 'GET',
    url: '/api/v1/topology',
    config: { permission: 'view' },
    schema: {
      tags: ['diagnostics'],
      summary: 'Devices, gateway and sinks, and what goes between them',
      querystring: querySchema,
      response: answers(topologySchema),
    },
    handler: async ({ query, principal }) => ({
      ...(await topology(gateway, system, sightOf(principal), query.group)),
      next: null,
    }),
  })
}
