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
 * for the store or has nothing left to do. Only the algorithms that grants and records use. Runs repeat each other for
 * the most part, so that results are kept.
 */
export function modelCrypto(): ModelCrypto {
  const computed = new Map<string, ArrayBuffer>()
  let stream: RandomStream = { name: 'nobody', drawn: 0 }

  function once(
    what: string,
    inputs: readonly Bytes[],
    compute: () => Uint8Array | ArrayBuffer,
  ): ArrayBuffer {
    const name = `${what} ${inputs.map((bytes) => text(bytes)).join(' ')}`
    const known = computed.get(name)
    if (known) return known
    const result = compute()
    const buffer = result instanceof ArrayBuffer ? result : Uint8Array.from(result).buffer
    computed.set(name, buffer)
    return buffer
  }

  const subtle = {
    digest: async (_: string, data: Bytes) =>
      once('digest', [data], () => createHash('sha256').update(data).digest()),

    importKey: async (_: string, bytes: Bytes): Promise<ModelKey> => ({ bytes }),

    sign: async (_: string, { bytes }: ModelKey, data: Bytes) =>
      once('sign', [bytes, data], () => createHmac('sha256', bytes).update(data).digest()),

    deriveBits: async ({ salt, info }: { salt: Bytes; info: Bytes }, { bytes }: ModelKey, bits: number) =>
      once(`derive ${bits}`, [bytes, salt, info], () => hkdfSync('sha256', bytes, salt, info, bits / 8)),

    encrypt: async ({ iv, additionalData }: Gcm, { bytes }: ModelKey, plaintext: Bytes) =>
      once('encrypt', [bytes, iv, additionalData, plaintext], () => {
        const cipher = createCipheriv('aes-256-gcm', bytes, iv).setAAD(additionalData)
        return Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()])
      }),

    decrypt: async ({ iv, additionalData }: Gcm, { bytes }: ModelKey, ciphertext: Bytes) =>
      once('decrypt', [bytes, iv, additionalData, ciphertext], () => {
        const end = ciphertext.length - tagBytes
        const decipher = createDecipheriv('aes-256-gcm', bytes, iv)
          .setAAD(additionalData)
          .setAuthTag(ciphertext.subarray(end))
        return Buffer.concat([decipher.update(ciphertext.subarray(0, end)), decipher.final()])
      }),
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

function text({ buffer, byteOffset, byteLength }: Bytes): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('latin1')
}
