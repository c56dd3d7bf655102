/** Commands to sinks that cannot be carried out, or only in part, say so. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { SampleBatch } from '../core/batch.ts'
import { GatewayError } from '../core/errors.ts'
import { batchOf, startRunner, tagTable } from '../testing/delivery-rig.ts'
import { MemoryAudit } from '../testing/audit-lines.ts'
import { eventually } from '../testing/peers.ts'
import { ScriptedSink } from '../testing/scripted-sink.ts'
import { createSinkCommands } from './sink-commands.ts'

const asker = { user: 'local', from: 'a test' }

function rig(t: TestContext, enabled = true, stored: readonly SampleBatch[] = []) {
  const sink = new ScriptedSink()
  const started = startRunner(t, sink, { tags: tagTable('press/count'), runner: { enabled } })
  const audit = new MemoryAudit()
  const commands = createSinkCommands({
    runners: [started.runner],
    audit,
    async *scan() {
      yield* stored
    },
  })
  return { sink, commands, ...started }
}

test('a sink that is disabled is not replayed to: that would wait for ever; it can be purged', async (t) => {
  const { commands, runner, cursor } = rig(t, false)
  cursor.append(batchOf([[1, 1]]))
  const refused = { code: 'INVALID_REQUEST', message: /plant.*disabled in the configuration/ }
  await assert.rejects(commands.replay('plant', { from: 0, to: 1 }, asker), refused)
  await assert.rejects(commands.replayDeadLetters('plant', asker), refused)
  assert.equal(runner.status().replay, null)
  assert.equal(await commands.purge('plant', 'plant', asker), 1)
})

test('samples of which only a trend is left are not delivered again, and their number is said', async (t) => {
  const trend = batchOf([[1, 1], [1, 2]]) // prettier-ignore
  trend.seq = undefined
  const { commands, runner, sink } = rig(t, true, [trend, batchOf([[1, 3]], 40)])
  await commands.replay('plant', { from: 0, to: 1 }, asker)
  await eventually('it is over', () => runner.status().replay?.endedAt !== null)
  const { state, delivered, withoutNumber } = runner.status().replay!
  assert.deepEqual([state, delivered, withoutNumber, sink.taken], ['done', 1, 2, [3]])
})

test('dead letters taken by two at once are delivered by one of them, and none is lost', async (t) => {
  const { commands, runner, sink, cursor } = rig(t)
  sink.judge = () => Promise.reject(new GatewayError('SINK_REJECTED', 'no'))
  cursor.append(batchOf([[1, 1], [1, 2]])) // prettier-ignore
  await eventually('two letters', () => cursor.ledger().dropped.rejected === 2)
  sink.judge = () => undefined
  const asked = await Promise.allSettled([
    commands.replayDeadLetters('plant', asker),
    commands.replayDeadLetters('plant', asker),
  ])
  assert.deepEqual(asked.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
  await eventually('it is over', () => runner.status().replay?.endedAt !== null)
  assert.deepEqual([sink.taken, (await runner.deadLetters.list(10)).length], [[1, 2], 0])
})
