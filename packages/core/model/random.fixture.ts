import { createHash } from 'node:crypto'
import type { RandomBytes } from '../src/crypto/random.ts'

/** A sequence of "random" bytes: the same name and position give the same bytes in every run. */
export interface RandomStream {
  name: string
  drawn: number
}

/** Draws from one stream after the other, whichever it was told last. */
export interface ModelRandom {
  bytes: RandomBytes
  drawFrom(stream: RandomStream): void
}

export function modelRandom(): ModelRandom {
  // Runs repeat each other for the most part.
  const known = new Map<string, Uint8Array<ArrayBuffer>>()
  let stream: RandomStream = { name: 'nobody', drawn: 0 }
  return {
    bytes(length) {
      const name = `${stream.name} ${stream.drawn++}`
      const bytes = known.get(name) ?? Uint8Array.from(createHash('sha512').update(name).digest())
      known.set(name, bytes)
      return bytes.slice(0, length)
    },
    drawFrom(from) {
      stream = from
    },
  }
}
