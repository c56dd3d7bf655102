/** The far end of a benchmark of links: a receiver in another process, and a relay that counts what goes over the wire. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { freePort } from '../../src/testing/peers.ts'

const CHILD = fileURLToPath(new URL('../../src/testing/receiver-child.ts', import.meta.url))

export async function startReceiver(dir: string) {
  mkdirSync(dir, { recursive: true })
  const port = await freePort()
  const child = spawn(process.execPath, [CHILD, dir, String(port), 'plain'], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  const stop = async () => {
    child.kill('SIGTERM')
    await once(child, 'exit')
  }
  return { port, stop }
}

export interface Relay {
  readonly port: number
  /** TCP payload of both directions so far. */
  bytes(): number
  close(): void
}

export async function startRelay(to: number): Promise<Relay> {
  let bytes = 0
  const server = createServer({ noDelay: true }, (near) => {
    const far = connect({ port: to, host: '127.0.0.1', noDelay: true })
    near.on('data', (chunk: Buffer) => void (bytes += chunk.length)).pipe(far)
    far.on('data', (chunk: Buffer) => void (bytes += chunk.length)).pipe(near)
    for (const socket of [near, far])
      socket.on('error', () => {
        near.destroy()
        far.destroy()
      })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { port: (server.address() as { port: number }).port, bytes: () => bytes, close: () => server.close() }
}
