import { constantTimeEqual, hmac, importHmacKey, sha256 } from '../crypto/hash.ts'
import type { KeyRing } from '../crypto/key-ring.ts'
import type { GrantRefresh } from '../records/grant.ts'

/**
 * Refresh secrets are a chain: `secret(g+1) = HMAC(K, secret(g))`. A grant holds the hash of the newest and which key
 * made each step, so that any genuine secret of the chain leads to the newest, and no other does.
 */

/** Rotations whose times are remembered. Of older steps only the key is: enough to tell an old token from a forgery. */
const remembered = 8
/** Runs of older steps by one key; a run ends when the operator's secret changes. */
const rememberedRuns = 8
/** How far a presented secret is followed. Beyond, an old token is refused like a forgery. */
const longestWalk = 1000

/** `missing`: a secret is not configured (any more) that a step was made with. */
export type Walk =
  | { outcome: 'current'; secret: string }
  | { outcome: 'elsewhere' }
  | { outcome: 'missing'; key_id: string; generation: number }

/** The next secret, by the key that seals now. */
export async function nextSecret(ring: KeyRing, secret: string): Promise<{ secret: string; key_id: string }> {
  const key_id = await ring.currentId()
  const key = await stepKey(ring, key_id)
  if (!key) throw new Error('the current secret is always configured')
  return { secret: await hmac(key, secret), key_id }
}

/** The chain with one more step. `at` in Unix seconds. */
export async function extended(
  refresh: GrantRefresh,
  step: { secret: string; key_id: string; at: number },
): Promise<GrantRefresh> {
  const generation = refresh.generation + 1
  const rotations = [...refresh.rotations, { generation, at: step.at, key_id: step.key_id }]
  const dropped = rotations.length > remembered ? rotations.shift() : undefined
  return {
    generation,
    current_hash: await sha256(step.secret),
    rotations,
    earlier: dropped ? withDropped(refresh.earlier ?? [], dropped) : refresh.earlier,
  }
}

/** Follows a presented secret to the newest one. */
export async function walk(
  ring: KeyRing,
  refresh: GrantRefresh,
  presented: { generation: number; secret: string },
): Promise<Walk> {
  const distance = refresh.generation - presented.generation
  if (distance < 0 || distance > longestWalk) return { outcome: 'elsewhere' }
  const keys = new Map<string, CryptoKey>()
  let { secret } = presented
  for (let generation = presented.generation + 1; generation <= refresh.generation; generation++) {
    const key_id = keyOf(refresh, generation)
    if (key_id === undefined) return { outcome: 'elsewhere' }
    const key = keys.get(key_id) ?? (await stepKey(ring, key_id))
    if (!key) return { outcome: 'missing', key_id, generation }
    keys.set(key_id, key)
    secret = await hmac(key, secret)
  }
  return constantTimeEqual(await sha256(secret), refresh.current_hash)
    ? { outcome: 'current', secret }
    : { outcome: 'elsewhere' }
}

/**
 * When a generation was replaced, in Unix seconds. For one too long ago to be remembered, the oldest time that is: it
 * was replaced no later.
 */
export function replacedAt(refresh: GrantRefresh, generation: number): number {
  const rotation = refresh.rotations.find((step) => step.generation > generation)
  return rotation?.at ?? 0
}

function keyOf(refresh: GrantRefresh, generation: number): string | undefined {
  const rotation = refresh.rotations.find((step) => step.generation === generation)
  return rotation?.key_id ?? refresh.earlier?.find(({ through }) => generation <= through)?.key_id
}

function withDropped(
  earlier: NonNullable<GrantRefresh['earlier']>,
  { generation, key_id }: GrantRefresh['rotations'][number],
): NonNullable<GrantRefresh['earlier']> {
  const runs = earlier.at(-1)?.key_id === key_id ? earlier.slice(0, -1) : earlier
  return [...runs, { through: generation, key_id }].slice(-rememberedRuns)
}

async function stepKey(ring: KeyRing, key_id: string): Promise<CryptoKey | undefined> {
  const material = await ring.derive(key_id, 'refresh')
  return material && importHmacKey(material)
}
