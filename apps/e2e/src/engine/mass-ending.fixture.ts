import { type JsonWebKeyPrivate, memory, type Storage } from '@drawbridge/core'
import { overriding } from '@drawbridge/testing'
import { SignJWT } from 'jose'
import { keyRing } from '../../../../packages/core/src/crypto/key-ring.ts'
import { sealer } from '../../../../packages/core/src/crypto/sealing.ts'
import { resource, secret, type World, world } from '../world.ts'

/** So many seconds later every instance knows. */
export const known = 1.001

/** A world in which a walk over the store finds no grant: as if it had not come to any, or had crashed before. */
export function unwalked(options: Parameters<typeof world>[0] = {}) {
  const inner = memory()
  const storage = overriding(inner, {
    list: async (prefix, more) => (prefix === 'grant/' ? { keys: [] } : inner.list(prefix, more)),
  })
  const w = world({ ...options, storage })
  return { w, inner }
}

/** What lies in a store, for somebody who has the secret. */
export async function opened(storage: Storage, key: string, secrets: string | readonly string[] = secret) {
  const stored = await storage.get(key)
  if (!stored) throw new Error(`nothing lies at ${key}`)
  return JSON.parse(sealer(keyRing(secrets)).open(key, stored.value)).v
}

/** The private key that somebody finds there. */
export async function stolenKey(storage: Storage): Promise<JsonWebKeyPrivate> {
  const { signing } = await opened(storage, 'server/keys')
  const { kid, alg, jwk } = signing[0]
  return { ...jwk, kid, alg }
}

/** A token like another one, good for a year, signed with a stolen key. */
export async function forged(like: string, key: JsonWebKeyPrivate, { clock }: Pick<World, 'clock'>) {
  const claims = JSON.parse(Buffer.from(like.split('.')[1] ?? '', 'base64url').toString())
  return new SignJWT({ ...claims, exp: Math.floor(clock.now() / 1000) + 31_536_000 })
    .setProtectedHeader({ alg: String(key.alg), typ: 'at+jwt', kid: String(key.kid) })
    .sign(key as Parameters<SignJWT['sign']>[0])
}

/** The auth of a request, as a tool has it. */
export async function authOf({ auth }: Pick<World, 'auth'>, access_token: string) {
  const request = new Request(resource, { headers: { authorization: `Bearer ${access_token}` } })
  const result = await auth.authenticate(request)
  if (!result.ok) throw new Error(`refused: ${result.response.status}`)
  return result.auth
}
