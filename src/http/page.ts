/**
 * The built page: files of one folder, and its index for every address that a person may have open (`/devices/press-1`), so
 * that deep links and reload work. Whatever looks like a file or belongs to the API stays a 404. Each answer with the index
 * has a nonce of its own, for the style elements that the page makes (CSP 3, 7.1).
 */
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import fastifyStatic from '@fastify/static'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { App } from './app.ts'
import { contentSecurityPolicy, NONCE_PLACE } from './security-headers.ts'

/** True when the folder holds a built page. */
export const isPage = (folder: string | undefined): folder is string =>
  folder !== undefined && existsSync(join(folder, 'index.html'))

/** Serves the files of the folder, and its index at `/`. */
export async function servePage(app: App, folder: string): Promise<void> {
  await app.register(fastifyStatic, {
    root: folder,
    dotfiles: 'ignore',
    cacheControl: false,
    index: false,
    setHeaders: (reply, path) => {
      // Built assets carry a hash of their content in their name.
      const cache = path.includes('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache'
      reply.header('cache-control', cache)
    },
  })
  for (const url of ['/', '/index.html'])
    app.route({
      method: 'GET',
      url,
      config: { permission: 'public' },
      schema: { hide: true },
      handler: (_request, reply) => sendPage(reply, folder),
    })
}

/** True where the answer to a request that no file and no route takes is the page. */
export function isForPage(request: FastifyRequest): boolean {
  const path = (request.raw.url ?? '/').split('?', 1)[0]!
  if (request.method !== 'GET' && request.method !== 'HEAD') return false
  if (request.headers.accept?.includes('text/html') !== true) return false
  if (/^\/(api|problems|metrics|livez|readyz|startupz|\.well-known)(\/|$)/.test(path)) return false
  return !/\.[A-Za-z0-9]{1,8}$/.test(path) && !/%2f|%5c|\\|\.\./i.test(path)
}

/** Answers with the index of the page. */
export async function sendPage(reply: FastifyReply, folder: string): Promise<FastifyReply> {
  const text = await readFile(join(folder, 'index.html'), 'utf8')
  const nonce = randomBytes(16).toString('base64')
  return reply
    .code(200)
    .header('content-security-policy', contentSecurityPolicy(`nonce-${nonce}`))
    .header('cache-control', 'no-store')
    .type('text/html; charset=utf-8')
    .send(text.replaceAll(NONCE_PLACE, nonce))
}
