/** The worker of the sink: one node-opcua server. */
import './quiet.ts'
import { sendEvent, serveWorkerLink } from '../../../wire/worker-service.ts'
import type { Answer, ServerFacts, ServerSetup, TagNode, ValueSet } from '../messages.ts'
import { Server } from './server.ts'

const FACTS_EVERY_MS = 1000

let server: Server | undefined
const opened = (): Server => server!

let told = ''
function tellFacts(): void {
  const facts: ServerFacts | undefined = server?.facts
  if (facts === undefined || JSON.stringify(facts) === told) return
  told = JSON.stringify(facts)
  sendEvent('facts', facts)
}

serveWorkerLink({
  prepare: async (setup: ServerSetup) => {
    server = await Server.prepare(setup)
  },
  define: (nodes: readonly TagNode[]) => opened().devices.define(nodes),
  set: (values: ValueSet) => opened().devices.set(values),
  open: async () => {
    const endpoint = await opened().open()
    setInterval(tellFacts, FACTS_EVERY_MS)
    return endpoint
  },
  tellGap: (text: string) => opened().gateway.tellGap(text),
  answer: (answer: Answer) => opened().answer(answer),
  close: () => server?.close(),
})
