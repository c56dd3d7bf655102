/** A web server of a test's own: records what comes and answers as the test says, over HTTP or HTTPS. */
import { readFileSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type RequestListener } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { Socket } from 'node:net'
import type { TestContext } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { freePort, type Cleanup } from './peers.ts'
import { listenTcp } from './tcp-relay.ts'

export interface Received {
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  /** As it travelled. */
  readonly body: Buffer
  /** Decompressed. */
  readonly text: string
}

/** `cut` ends the connection without an answer, `hang` never answers. */
export type Answer =
  | 'cut'
  | 'hang'
  | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string | object }

export interface HttpReceiver {
  readonly url: string
  readonly port: number
  readonly requests: Received[]
  /** Connections that were opened so far. */
  readonly connections: number
  start(): Promise<void>
  stop(): Promise<void>
}

export interface ReceiverOptions {
  readonly tls?: { readonly cert: string; readonly key: string; readonly clientCa?: string }
}

/** Listens on a free port of 127.0.0.1 until the test ends. */
export async function startReceiver(
  t: Pick<TestContext, 'after'>,
  answer: (received: Received) => Answer | Promise<Answer>,
  { tls }: ReceiverOptions = {},
): Promise<HttpReceiver> {
  const port = await freePort()
  const requests: Received[] = []
  const sockets = new Set<Socket>()
  let connections = 0
  const listener: RequestListener = async (request, response) => {
    const body = await read(request)
    const text = (request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body).toString()
    const received = { method: request.method!, path: request.url!, headers: request.headers, body, text }
    requests.push(received)
    const said = await answer(received)
    if (said === 'cut') return request.socket.destroy()
    if (said === 'hang') return undefined
    response.writeHead(said.status, said.headers)
    return response.end(typeof said.body === 'object' ? JSON.stringify(said.body) : said.body)
  }
  const create = () =>
    tls === undefined
      ? createServer(listener)
      : createSecureServer(
          { cert: readFileSync(tls.cert), key: readFileSync(tls.key), ...clientAuth(tls.clientCa) },
          listener,
        )
  let server = create()
  const receiver = {
    url: `${tls === undefined ? 'http://127.0.0.1' : 'https://localhost'}:${port}`,
    port,
    requests,
    get connections() {
      return connections
    },
    start: () =>
      new Promise<void>((resolve) => {
        server = create()
        server.on('connection', (socket: Socket) => {
          connections++
          sockets.add(socket)
          socket.on('error', () => undefined)
        })
        server.listen(port, '127.0.0.1', resolve)
      }),
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
        sockets.clear()
      }),
  }
  await receiver.start()
  t.after(() => receiver.stop())
  return receiver
}

/** A TCP server that is no web server; the URL that leads to it. */
export async function startRawServer(t: Cleanup, onSocket: (socket: Socket) => void): Promise<string> {
  const port = await listenTcp(t, onSocket)
  return `http://127.0.0.1:${port}`
}

const clientAuth = (ca: string | undefined) =>
  ca === undefined ? {} : { ca: readFileSync(ca), requestCert: true, rejectUnauthorized: true }

async function read(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  try {
    for await (const chunk of request) chunks.push(chunk as Buffer)
  } catch {
    // The sender went away.
  }
  return Buffer.concat(chunks)
}
