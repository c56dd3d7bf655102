/** Takes what the http sink sends and checks it by the rule of the farm: register k of poll p holds p + k, so each value is one more than the last. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Receiver {
  readonly port: number
  /** Samples once each; values that are missing between two others; values that break the rule. */
  counts(): { readonly received: number; readonly gaps: number; readonly wrong: number }
  close(): void
}

interface Row {
  readonly device: string
  readonly tag: string
  readonly v: number | null
  readonly seq: number
}

export async function startReceiver(tags: number): Promise<Receiver> {
  const last = new Map<string, number>()
  let [received, gaps, wrong, highest] = [0, 0, 0, 0]
  const take = ({ device, tag, v, seq }: Row): void => {
    // Delivered again, as after a restart.
    if (seq <= highest || v === null) return
    highest = seq
    received++
    const register = Number(tag.slice(1))
    if (!(register < tags)) wrong++
    const poll = (v - register) & 0xffff
    const before = last.get(device + tag) ?? 0
    if (poll !== ((before + 1) & 0xffff)) gaps += (poll - before - 1) & 0xffff
    last.set(device + tag, poll)
  }
  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      for (const line of Buffer.concat(parts).toString().split('\n')) {
        // A stretch that the gateway says it has lost shows in the values too.
        if (line !== '' && !line.startsWith('{"gap"')) take(JSON.parse(line) as Row)
      }
      response.writeHead(204).end()
    })
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  const close = (): void => {
    server.close()
    server.closeAllConnections()
  }
  return { port, counts: () => ({ received, gaps, wrong }), close }
}
