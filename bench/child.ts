/** A script of this folder in a process of its own, which is told things and answers. */
import { fork } from 'node:child_process'
import { join } from 'node:path'

export interface Child {
  tell(message: object): void
  /** The next message that has this key. */
  hear<T>(key: string): Promise<T>
  stop(): void
}

export function startChild(script: string): Child {
  const child = fork(join(import.meta.dirname, script), [], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  return {
    tell: (message) => void child.send(message),
    hear: <T>(key: string) =>
      new Promise<T>((resolve, reject) => {
        const onMessage = (message: Record<string, unknown>): void => {
          if (!(key in message)) return
          child.off('message', onMessage)
          child.off('exit', onExit)
          resolve(message[key] as T)
        }
        const onExit = (): void => reject(new Error(`${script} ended before it said '${key}'`))
        child.on('message', onMessage)
        child.once('exit', onExit)
      }),
    stop: () => void child.kill(),
  }
}
