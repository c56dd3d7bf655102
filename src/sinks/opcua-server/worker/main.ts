/** The worker of the sink: one node-opcua server. */
import { serveWorkerLink } from '../../../wire/worker-service.ts'
import type { ServerSetup, TagNode, ValueSet } from '../messages.ts'
import './quiet.ts'
import { Server } from './server.ts'

let server: Server | undefined
const opened = (): Server => server!

serveWorkerLink({
  prepare: async (setup: ServerSetup) => {
    server = await Server.prepare(setup)
  },
  define: (nodes: readonly TagNode[]) => opened().devices.define(nodes),
  set: (values: ValueSet) => opened().devices.set(values),
  open: () => opened().open(),
  facts: () => opened().facts,
  close: () => server?.close(),
})
