/**
 * Samples a second through runner and http sink to a web server in another process, beside a bare client that sends the same
 * documents with node:http and JSON.stringify: same server, same rows a request.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { http } from '../../src/sinks/http/sink.ts'
import { sinkContext } from '../../src/testing/delivery-rig.ts'
import { barePoster, batchFrom, compare, TAG_TABLE, throughRunner } from './web-rounds.ts'

const SAMPLES = 400_000
const ROWS = 1000
const ROUNDS = 5

/** Reads every body and answers 204. */
const SERVER = `require('node:http').createServer((request, response) => {
  request.resume().once('end', () => response.writeHead(204).end())
}).listen(0, '127.0.0.1', function () { console.log(this.address().port) })`

/** Prints all rates; resolves with them. */
export async function run(): Promise<Record<string, number>> {
  const server = spawn(process.execPath, ['-e', SERVER], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [port] = (await once(server.stdout, 'data')) as [Buffer]
  const url = `http://127.0.0.1:${port.toString().trim()}/`
  const create = (options: object) =>
    http.create(http.options.parse({ url, ...options }), sinkContext({ tags: TAG_TABLE }))
  const through = (options: object) => () => throughRunner('http', create(options), SAMPLES, ROWS)
  try {
    return await compare('http', SAMPLES, ROUNDS, {
      'bare client': () => bareClient(url),
      'runner + http sink, signed gzip': through({ gzip: true, signatureSecret: 'shared' }),
      'runner + http sink': through({}),
    })
  } finally {
    server.kill()
  }
}

async function bareClient(url: string): Promise<void> {
  const post = barePoster(url, { 'Content-Type': 'application/json' })
  for (let seq = 1; seq <= SAMPLES; seq += ROWS) {
    const documents: object[] = []
    for (const { tag, value, status, time, seq: own } of batchFrom(seq, ROWS)) {
      const { device, settings } = TAG_TABLE.get(tag)!
      documents.push({ device, tag: settings.name, v: value, t: time, q: status, log: 'k3f9', seq: own })
    }
    await post(Buffer.from(JSON.stringify(documents)))
  }
}

if (import.meta.main) await run()
