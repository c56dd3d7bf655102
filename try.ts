import { startFaultyServer } from './src/testing/opcua-faulty-server.ts'
const hooks: (() => unknown)[] = []
const s = await startFaultyServer({ after: (f: () => unknown) => hooks.push(f) } as never, { port: 48666 })
console.log(s.url)
process.on('SIGTERM', async () => { for (const h of hooks) await h(); process.exit() })
setInterval(() => {}, 1000)
