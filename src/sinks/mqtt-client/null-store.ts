/** mqtt.js keeps unconfirmed packets for its own reconnects; ours is the log's business, so nothing is kept here. */
import { Readable } from 'node:stream'
import type { IStore } from 'mqtt'

export class NullStore implements IStore {
  put(_packet: unknown, done: (error?: Error) => void): this {
    done()
    return this
  }

  createStream(): ReturnType<IStore['createStream']> {
    return new Readable({ objectMode: true, read: endOfStream }) as unknown as ReturnType<IStore['createStream']>
  }

  del(_packet: unknown, done: (error?: Error) => void): this {
    done()
    return this
  }

  get(_packet: unknown, done: (error?: Error) => void): this {
    done(new Error('no packet is kept'))
    return this
  }

  close(done: (error?: Error) => void): void {
    done()
  }
}

function endOfStream(this: Readable): void {
  this.push(null)
}
