import { parseRefreshToken } from '../src/engine/token-format.ts'
import { grantStorageKey } from './instance.fixture.ts'
import type { Answer } from './scenario.fixture.ts'
import type { ModelStore } from './store.fixture.ts'

/**
 * Presents each refresh token of the grant, as if the others were not: none may fare worse than an older one. Resolves
 * to the generation that does.
 */
export async function treatedWorse(
  tokens: readonly string[],
  store: ModelStore,
  now: number,
  present: (copy: ModelStore, token: string) => Promise<Answer>,
): Promise<number | undefined> {
  const byGeneration = new Map(tokens.map((token) => [parseRefreshToken(token)?.generation ?? -1, token]))
  byGeneration.delete(-1)
  let before = 0
  for (const [generation, token] of [...byGeneration].sort(([a], [b]) => a - b)) {
    const copy = store.copy()
    const { kind } = await present(copy, token)
    const goesOn = copy.apply({ kind: 'get', key: grantStorageKey }, now) !== undefined
    const fares = kind === 'tokens' ? 2 : goesOn ? 1 : 0
    if (fares < before) return generation
    before = fares
  }
  return undefined
}
