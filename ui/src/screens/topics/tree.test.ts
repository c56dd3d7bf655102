/** The tree of topics: what is opened, page by page, kept while it is asked for again; and how long its rows take at 100,000. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ProblemError } from '../../api/client.ts'
import { pathsAbove, TopicTree, type AskTree, type Row, type TreeAnswer } from './tree.ts'

/** A gateway's answers from a list of topics; how often it was asked. */
function from(topics: readonly string[]) {
  const asked: string[] = []
  const ask: AskTree = async ({ prefix, limit, cursor }) => {
    asked.push(`${prefix}@${cursor ?? ''}`)
    const head = prefix === '' ? '' : `${prefix}/`
    const below = topics.filter((topic) => topic.startsWith(head)).map((topic) => topic.slice(head.length).split('/'))
    const segments = [...new Set(below.map(([segment]) => segment!))]
    const begin = cursor === undefined ? 0 : segments.indexOf(cursor)
    const nodes = segments.slice(begin, begin + limit).map((segment) => ({
      segment,
      path: head + segment,
      tags: below.filter(([first]) => first === segment).length,
      children: new Set(below.filter(([first, second]) => first === segment && second !== undefined)).size,
      leaf: null,
    }))
    return { nodes, next: segments[begin + limit] ?? null } as unknown as TreeAnswer
  }
  return { ask, asked }
}

const shown = (rows: readonly Row[]) =>
  rows.map((row) => `${' '.repeat(row.depth)}${row.kind === 'node' ? row.node.segment : row.kind}`)
const settled = () => new Promise((resolve) => setImmediate(resolve))

test('levels come when they are opened, once', async () => {
  const { ask, asked } = from(['a/x/1', 'a/x/2', 'a/y', 'b'])
  const tree = new TopicTree(ask)
  tree.start()
  assert.deepEqual(shown(tree.rows()), ['loading'])
  await settled()
  assert.deepEqual(shown(tree.rows()), ['a', 'b'])
  tree.open('a')
  await settled()
  tree.open('a/x')
  await settled()
  assert.deepEqual(shown(tree.rows()), ['a', ' x', '  1', '  2', ' y', 'b'])
  tree.close('a')
  assert.deepEqual(shown(tree.rows()), ['a', 'b'])
  tree.open('a')
  assert.deepEqual(shown(tree.rows()), ['a', ' x', '  1', '  2', ' y', 'b'])
  assert.deepEqual(asked, ['@', 'a@', 'a/x@'])
})

test('a long level comes in pages, and only pages in sight are asked for again', async () => {
  const { ask, asked } = from(Array.from({ length: 450 }, (_, i) => `t${String(i).padStart(4, '0')}`))
  const tree = new TopicTree(ask)
  tree.start()
  await settled()
  assert.deepEqual([tree.rows().length, tree.rows().at(-1)!.kind], [101, 'more'])
  tree.more('')
  await settled()
  tree.more('')
  await settled()
  assert.equal(tree.rows().length, 450)
  const before = asked.length
  await tree.refresh(new Set(['t0000']))
  assert.deepEqual(asked.slice(before), ['@'])
  assert.equal(tree.rows().length, 450)
  const row = tree.rows()[449]!
  assert.ok(row.kind === 'node' && row.position === 450 && row.size === 450)
})

test('a level that cannot be had says so, and is asked for again', async () => {
  const { ask } = from(['a/x'])
  let isAway = false
  const tree = new TopicTree((question, signal) => (isAway ? Promise.reject(new Error('away')) : ask(question, signal)))
  tree.start()
  await settled()
  isAway = true
  tree.open('a')
  await settled()
  assert.deepEqual(shown(tree.rows()), ['a', ' failed'])
  await tree.refresh(new Set(['a']))
  assert.deepEqual(shown(tree.rows()), ['a', ' failed'])
  isAway = false
  tree.more('a')
  await settled()
  assert.deepEqual(shown(tree.rows()), ['a', ' x'])
})

test('a level that changes while it is looked at loses no node and has none twice', async () => {
  const topics = Array.from({ length: 250 }, (_, i) => `t${String(i).padStart(4, '0')}`)
  const { ask } = from(topics)
  const tree = new TopicTree(ask)
  tree.start()
  await settled()
  tree.more('')
  await settled()
  topics.splice(50, 0, 't0049-new')
  await tree.refresh(new Set(['t0000']))
  assert.deepEqual(shown(tree.rows()), topics)
  topics.splice(10, 200)
  await tree.refresh(new Set(['t0000']))
  assert.deepEqual(shown(tree.rows()), topics)
})

test('another configuration: a tree that was empty fills by itself; what is refused is said', async () => {
  const topics: string[] = []
  const { ask } = from(topics)
  let refusal: Error | undefined
  const tree = new TopicTree((question, signal) => (refusal ? Promise.reject(refusal) : ask(question, signal)))
  tree.start()
  await settled()
  assert.deepEqual(shown(tree.rows()), [])
  topics.push('a')
  await tree.refresh(new Set())
  assert.deepEqual(shown(tree.rows()), ['a'])
  refusal = new ProblemError(404, { code: 'NOT_FOUND', detail: 'there is no sink plant' })
  await tree.refresh(new Set(['a']))
  assert.deepEqual(shown(tree.rows()), ['a', 'failed'])
  refusal = undefined
  await tree.refresh(new Set(['a']))
  assert.deepEqual(shown(tree.rows()), ['a'])
})

test('the nodes above a topic', () => {
  assert.deepEqual(pathsAbove('a/b/c', '/'), ['a', 'a/b'])
  assert.deepEqual(pathsAbove('a', '/'), [])
  assert.deepEqual(pathsAbove('a.b', null), [])
})
