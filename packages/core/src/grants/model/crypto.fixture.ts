import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync } from 'node:crypto'

/** A sequence of "random" bytes: the same name and position give the same bytes in every run. */
export interface RandomStream {
  name: string
  drawn: number
}

export interface ModelCrypto {
  /** What stands in for the global `crypto`. */
  crypto: Crypto
  drawFrom(stream: RandomStream): void
}

type Bytes = Uint8Array<ArrayBuffer>
interface ModelKey {
  bytes: Bytes
}
interface Gcm {
  iv: Bytes
  additionalData: Bytes
}

const tagBytes = 16

/**
 * WebCrypto that computes what the real one computes, without leaving the thread, so that a request is either waiting
 * for the store or has nothing left to do. Only the algorithms that grants and records use.
 */
export function modelCrypto(): ModelCrypto {
  const derived = new Map<string, ArrayBuffer>()
  let stream: RandomStream = { name: 'nobody', drawn: 0 }
  const subtle = {
    digest: async (_: string, data: Bytes) => whole(createHash('sha256').update(data).digest()),

    importKey: async (_: string, bytes: Bytes): Promise<ModelKey> => ({ bytes }),

    sign: async (_: string, key: ModelKey, data: Bytes) =>
      whole(createHmac('sha256', key.bytes).update(data).digest()),

    async deriveBits({ salt, info }: { salt: Bytes; info: Bytes }, key: ModelKey, bits: number) {
      const name = `${bits} ${hex(key.bytes)} ${hex(info)}`
      const known = derived.get(name) ?? hkdfSync('sha256', key.bytes, salt, info, bits / 8)
      derived.set(name, known)
      return known
    },

    async encrypt({ iv, additionalData }: Gcm, key: ModelKey, plaintext: Bytes) {
      const cipher = createCipheriv('aes-256-gcm', key.bytes, iv).setAAD(additionalData)
      return whole(Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]))
    },

    async decrypt({ iv, additionalData }: Gcm, key: ModelKey, ciphertext: Bytes) {
      const end = ciphertext.length - tagBytes
      const decipher = createDecipheriv('aes-256-gcm', key.bytes, iv)
        .setAAD(additionalData)
        .setAuthTag(ciphertext.subarray(end))
      return whole(Buffer.concat([decipher.update(ciphertext.subarray(0, end)), decipher.final()]))
    },
  }
  return {
    crypto: {
      subtle,
      getRandomValues<T extends Uint8Array>(array: T): T {
        const bytes = createHash('sha512')
          .update(`${stream.name} ${stream.drawn++}`)
          .digest()
        array.set(bytes.subarray(0, array.length))
        return array
      },
    } as unknown as Crypto,
    drawFrom(from) {
      stream = from
    },
  }
}

function whole(buffer: Buffer): ArrayBuffer {
  return Uint8Array.from(buffer).buffer
}

function hex(bytes: Bytes): string {
  return Buffer.from(bytes).toString('hex')
}
