/**
 * `/api/v1/topics`: what a sink publishes, as the tree that its far side sees: one level at a time, the message of one topic with the one
 * before it, and the busiest topics.
 */
import type { TagId } from '../../core/value.ts'
import type { TagInfo } from '../../core/tags.ts'
import type { Runner } from '../../delivery/runner.ts'
import type { Gateway } from '../../gateway.ts'
import type { PlaceTree, PlaceNode } from '../../observe/topics/place-tree.ts'
import { Topics, type PlaceMessage } from '../../observe/topics/topics.ts'
import { GatewayError } from '../../core/errors.ts'
import type { Principal } from '../../core/permissions.ts'
import type { App, RouteContext } from '../app.ts'
import { sightOf, tagsInSight } from '../auth/sight.ts'
import { messageView } from '../explain-views.ts'
import { answers } from '../schemas.ts'
import {
  foundSchema,
  messageQuery,
  searchQuery,
  talkersQuery,
  talkersSchema,
  topicMessageSchema,
  treeQuery,
  treeSchema,
} from '../topic-schemas.ts'
import { isoOf } from '../views.ts'
import { whenGone } from '../when-gone.ts'

/** Producers of a leaf that the tree names, and those that a single topic names. */
const FEW = 5
const MANY = 200
const NO_TOPICS = {
  sink: null,
  kind: null,
  separator: null,
  sinks: [],
  tags: 0,
  watchedSeconds: 0,
  nodes: [],
  next: null,
}
const NOT_FOUND = { permission: 'view', problems: ['NOT_FOUND'] } as const

export function topicRoutes(app: App, { gateway }: RouteContext): void {
  const topics = new Topics(gateway)
  app.addHook('onClose', async () => topics.close())
  const indexOf = (runner: Runner, principal: Principal): Promise<PlaceTree> =>
    topics.index(runner, visibleTags(gateway, principal))
  const headOf = ({ name, kind }: Runner, index: PlaceTree) => ({
    sink: name,
    kind,
    separator: index.separator ?? null,
    sinks: topics.runners.map((one) => ({ name: one.name, kind: one.kind })),
    tags: index.size,
    watchedSeconds: Math.round(topics.rates.seconds * 10) / 10,
  })
  const rateOf = (tags: readonly TagId[]): number | null => {
    if (topics.rates.seconds < 1) return null
    return round(tags.reduce((sum, tag) => sum + (topics.rates.perMinute(tag) ?? 0), 0))
  }

  app.route({
    method: 'GET',
    url: '/api/v1/topics',
    config: NOT_FOUND,
    schema: {
      tags: ['sinks'],
      summary: 'One level of the tree of topics',
      querystring: treeQuery,
      response: answers(treeSchema),
    },
    handler: async ({ query, principal }) => {
      const { sink, prefix, limit, cursor, rates } = query
      // Nothing is wrong with a gateway that has none.
      if (sink === undefined && topics.runners.length === 0) return { ...NO_TOPICS, prefix }
      const runner = topics.runner(sink)
      if (rates === true) topics.rates.watch()
      const index = await indexOf(runner, principal)
      const { nodes, next } = await index.level(prefix, limit, cursor)
      return {
        ...headOf(runner, index),
        prefix,
        nodes: nodes.map((node) => ({
          segment: node.segment,
          path: node.path,
          tags: node.tags,
          children: node.children,
          leaf: node.to === node.from ? null : leafView(runner, index, node),
        })),
        next: next ?? null,
      }
    },
  })

  function leafView(runner: Runner, index: PlaceTree, node: PlaceNode) {
    const tags = index.tagsAt(node)
    const last = topics.message(runner, tags)
    return {
      tags: tags.length,
      producers: producersOf(gateway, tags.slice(0, FEW)),
      perMinute: rateOf(tags),
      last: last === undefined ? null : placeMessageView(last),
    }
  }

  app.route({
    method: 'GET',
    url: '/api/v1/topics/message',
    config: NOT_FOUND,
    schema: {
      tags: ['sinks'],
      summary: 'The last message of a topic, and the one before it',
      querystring: messageQuery,
      response: answers(topicMessageSchema),
    },
    handler: async ({ query, principal }, reply) => {
      const runner = topics.runner(query.sink)
      if (query.rates === true) topics.rates.watch()
      const index = await indexOf(runner, principal)
      const found = index.at(query.topic)
      if (found === undefined) throw new GatewayError('NOT_FOUND', `${runner.name} sends nothing to ${query.topic}`)
      const tags = index.tagsAt(found)
      const last = topics.message(runner, tags)
      const gone = new AbortController()
      whenGone(reply, () => gone.abort())
      const previous =
        last === undefined || tags.length > 1 ? undefined : await topics.previous(runner, tags[0]!, last, gone.signal)
      return {
        sink: runner.name,
        topic: query.topic,
        tags: tags.length,
        producers: producersOf(gateway, tags.slice(0, MANY)),
        perMinute: rateOf(tags),
        last: last === undefined ? null : placeMessageView(last),
        previous: previous === undefined ? null : placeMessageView(previous),
        next: null,
      }
    },
  })

  app.route({
    method: 'GET',
    url: '/api/v1/topics/search',
    config: NOT_FOUND,
    schema: {
      tags: ['sinks'],
      summary: 'Topics by words of their names',
      querystring: searchQuery,
      response: answers(foundSchema),
    },
    handler: async ({ query, principal }) => {
      const runner = topics.runner(query.sink)
      const index = await indexOf(runner, principal)
      const { places, next } = await index.search(query.q.split(/\s+/), query.limit, query.cursor)
      return {
        ...headOf(runner, index),
        topics: places.map(({ place, from, to }) => ({
          topic: place,
          tags: to - from,
          producers: producersOf(gateway, index.tagsAt({ from, to }, FEW)),
        })),
        next: next ?? null,
      }
    },
  })

  app.route({
    method: 'GET',
    url: '/api/v1/topics/busiest',
    config: NOT_FOUND,
    schema: {
      tags: ['sinks'],
      summary: 'The busiest topics',
      description: 'Counted from the first question on, and for a minute after the last one: ask every few seconds.',
      querystring: talkersQuery,
      response: answers(talkersSchema),
    },
    handler: async ({ query, principal }) => {
      const runner = topics.runner(query.sink)
      topics.rates.watch()
      const index = await indexOf(runner, principal)
      const talkers = await topics.talkers(index, query.limit)
      return {
        ...headOf(runner, index),
        topics: talkers.map(({ place, tags, total, perMinute }) => ({
          topic: place,
          tags: total,
          producers: producersOf(gateway, tags.slice(0, FEW)),
          perMinute: round(perMinute),
        })),
        next: null,
      }
    },
  })
}

/** Undefined: all. */
function visibleTags({ store }: Gateway, principal: Principal): readonly TagInfo[] | undefined {
  const sight = sightOf(principal)
  return sight && tagsInSight(store.tags.values(), sight)
}

function producersOf({ store }: Gateway, tags: readonly TagId[]) {
  return tags.flatMap((id) => {
    const info = store.tags.get(id)
    return info === undefined ? [] : [{ device: info.device, tag: info.settings.name }]
  })
}

const placeMessageView = ({ message, seq, time, receivedAt, fate }: PlaceMessage) => ({
  seq,
  time: isoOf(time),
  receivedAt: isoOf(receivedAt),
  fate,
  message: messageView(message),
})

const round = (rate: number): number => Math.round(rate * 10) / 10
