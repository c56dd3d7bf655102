/**
 * For `node --import`: writes down which modules a process loads, and in which thread, in the file that MODULE_WATCH names: a line
 * `main URL` or `worker URL` each, and `worker started` for each worker thread. Holds for workers too, which inherit the flag.
 */
import { appendFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { isMainThread } from 'node:worker_threads'

const file = process.env.MODULE_WATCH!
const thread = isMainThread ? 'main' : 'worker'
const note = (text: string): void => appendFileSync(file, `${thread} ${text}\n`)

if (!isMainThread) note('started')
registerHooks({
  resolve(specifier, context, next) {
    const resolved = next(specifier, context)
    note(resolved.url)
    return resolved
  },
})
