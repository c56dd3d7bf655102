/**
 * For `node --import`: a worker thread ends as the file that WORKER_FATE names says, once: `exit` as a crash, `memory` by using all that
 * it has. The file goes with it.
 */
import { existsSync, readFileSync, unlinkSync } from 'node:fs'
import { isMainThread } from 'node:worker_threads'

const file = process.env.WORKER_FATE!

if (!isMainThread)
  setInterval(() => {
    if (!existsSync(file)) return
    const fate = readFileSync(file, 'utf8')
    unlinkSync(file)
    if (fate === 'exit') process.exit(7)
    const kept: unknown[] = []
    for (;;) kept.push(Array.from({ length: 1000 }, () => ({ kept: kept.length })))
  }, 50).unref()
