/**
 * The built page: files of one folder, and its index for every address that a person may have open (`/devices/press-1`), so
 * that deep links and reload work. Whatever looks like a file or belongs to the API stays a 404.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import fastifyStatic from '@fastify/static'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { App } from './app.ts'

/** True when the folder holds a built page. */
export const isPage = (folder: string | undefined): folder is string =>
  folder !== undefined && existsSync(join(folder, 'index.html'))

/** Serves the folder at `/`. */
export async function servePage(app: App, folder: string): Promise<void> {
  await app.register(fastifyStatic, {
    root: folder,
    dotfiles: 'ignore',
    cacheControl: false,
    setHeaders: (reply, path) => {
      // Built assets carry a hash of their content in their name.
      const cache = path.includes('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache'
      reply.header('cache-control', cache)
    },
  })
}

/** Answers a deep link with the page; false when this is none. */
export function sendPage(request: FastifyRequest, reply: FastifyReply): boolean {
  const path = (request.raw.url ?? '/').split('?', 1)[0]!
  if (request.method !== 'GET' && request.method !== 'HEAD') return false
  if (request.headers.accept?.includes('text/html') !== true) return false
  if (/^\/(api|problems|metrics|livez|readyz|startupz)(\/|$)/.test(path)) return false
  if (/\.[A-Za-z0-9]{1,8}$/.test(path) || /%2f|%5c|\\|\.\./i.test(path)) return false
  void reply.code(200).sendFile('index.html')
  return true
}
