/** The tree of places: levels, counts and pages against a plain tree of the same names; and how long 100,000 take. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { TagInfo } from '../../core/tags.ts'
import { MOST_CHILDREN, PlaceTree } from './place-tree.ts'

const tagsOf = (places: readonly string[]): TagInfo[] =>
  places.map((name, id) => ({ id: id + 1, device: 'd', settings: { name } }) as TagInfo)

const indexOf = (places: readonly string[]) =>
  PlaceTree.create(tagsOf(places), ({ settings }) => ({ place: settings.name, separator: '/', facts: {} }))

/** The same by splitting. */
function plain(places: readonly string[], prefix: string) {
  const head = prefix === '' ? '' : `${prefix}/`
  const nodes = new Map<string, { tags: number; own: number; children: Set<string> }>()
  for (const place of places) {
    if (!place.startsWith(head)) continue
    const [segment, ...rest] = place.slice(head.length).split('/') as [string, ...string[]]
    const node = nodes.get(segment) ?? { tags: 0, own: 0, children: new Set() }
    nodes.set(segment, node)
    node.tags++
    if (rest.length === 0) node.own++
    else node.children.add(rest[0]!)
  }
  return [...nodes].map(([segment, { tags, own, children }]) => [segment, tags, own, children.size] as const)
}

const bySegment = (a: readonly [string, ...unknown[]], b: readonly [string, ...unknown[]]) => (a[0] < b[0] ? -1 : 1)

async function whole(index: PlaceTree, prefix: string, limit: number) {
  const all: (readonly [string, number, number, number])[] = []
  let after: string | undefined
  do {
    const { nodes, next } = await index.level(prefix, limit, after)
    assert.ok(nodes.length <= limit)
    all.push(...nodes.map(({ segment, tags, from, to, children }) => [segment, tags, to - from, children] as const))
    after = next
  } while (after !== undefined)
  return all
}

test('every level is that of a plain tree, whatever the size of the pages', async () => {
  const segment = fc.constantFrom('a', 'b', 'a-1', 'a.b', '', 'é', 'a~')
  const place = fc.array(segment, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'))
  await fc.assert(
    fc.asyncProperty(fc.array(place, { maxLength: 40 }), fc.integer({ min: 1, max: 5 }), async (places, limit) => {
      const index = await indexOf(places)
      for (const prefix of ['', 'a', 'a/b', 'a-1', 'b/a']) {
        const levels = await whole(index, prefix, limit)
        assert.deepEqual(levels.toSorted(bySegment), plain(places, prefix).toSorted(bySegment))
      }
    }),
    { numRuns: 150 },
  )
})

test('a search finds every place with all of its words, page by page', async () => {
  const places = ['acme/press-1/Level', 'acme/press-1/Level', 'acme/press-2/level', 'acme/tank', 'other/LEVEL-1']
  const index = await indexOf(places)
  const found: string[] = []
  let after: string | undefined
  do {
    const { places: page, next } = await index.search(['LEVEL', 'acme'], 1, after)
    assert.ok(page.length <= 1)
    found.push(...page.map(({ place, from, to }) => `${place} ${to - from}`))
    after = next
  } while (after !== undefined)
  assert.deepEqual(found, ['acme/press-1/Level 2', 'acme/press-2/level 1'])
})

test('100,000 topics: a level answers at once, and no slice holds the event loop', async () => {
  const places = Array.from({ length: 100_000 }, (_, at) => `acme/line-${at % 100}/press-${at % 1000}/tag-${at}`)
  // By the processor's time: a busy machine says nothing of the code.
  let longest = 0
  let last = process.cpuUsage()
  let isOn = true
  const look = () => {
    const { user, system } = process.cpuUsage(last)
    longest = Math.max(longest, (user + system) / 1000)
    last = process.cpuUsage()
    if (isOn) setImmediate(look)
  }
  look()
  const began = performance.now()
  const index = await indexOf(places)
  const built = performance.now() - began
  const { nodes } = await index.level('acme', 1000)
  const answered = performance.now() - began - built
  isOn = false
  assert.equal(nodes.length, 100)
  assert.deepEqual([nodes[0]!.tags, nodes[0]!.children], [1000, 10])
  assert.equal((await index.level('acme/line-0/press-0', 1000)).nodes.length, 100)
  assert.equal((await index.level('', 10)).nodes[0]!.children, MOST_CHILDREN)
  assert.ok(longest < 200, `the event loop was held for ${longest} ms`)
  assert.ok(built < 5000 && answered < 500, `built in ${built} ms, answered in ${answered} ms`)
})
