/** The worker of the sink: one node-opcua server. */
import './quiet.ts'
import * as library from 'node-opcua-client'
import type { TagId } from '../../../core/value.ts'
import { silence } from '../../../protocols/opcua/library.ts'
import { sendEvent, serveWorkerLink } from '../../../wire/worker-service.ts'
import type { Answer, ServerFacts, ServerSetup, TagNode, ValueSet } from '../messages.ts'
import { Server } from './server.ts'

const FACTS_EVERY_MS = 1000
const RENEWAL_EVERY_MS = 30_000

// What strangers do to a server must not fill the log; what matters is said by our own parts.
silence(library, () => {})

let server: Server | undefined
const opened = (): Server => server!

/** Said when our certificate was renewed: the runner opens the server anew, and clients connect again. */
const RENEWED = 'our certificate was renewed: the OPC UA server opens anew with it'

async function lookForRenewal(): Promise<void> {
  if (await server?.isRenewed()) sendEvent('over', RENEWED)
}

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
  remove: (tags: readonly TagId[]) => opened().devices.remove(tags),
  set: (values: ValueSet) => opened().devices.set(values),
  open: async () => {
    const endpoint = await opened().open()
    setInterval(tellFacts, FACTS_EVERY_MS)
    setInterval(() => void lookForRenewal(), RENEWAL_EVERY_MS)
    return endpoint
  },
  tellGap: (text: string) => opened().gateway.tellGap(text),
  answer: (answer: Answer) => opened().answer(answer),
  close: () => server?.close(),
})
