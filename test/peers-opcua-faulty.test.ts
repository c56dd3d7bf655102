import { test } from 'node:test'
import { startFaultyServer } from '../src/testing/opcua-faulty-server.ts'
test('x', async (t) => {
  let b = performance.now()
  const s = await startFaultyServer(t, { })
  console.log(performance.now()-b, s.url, await s.ask('get', { node: 'Counters/7' }), await s.ask('sessions'))
  console.log(await s.ask('restart'),s.process.output())
})
