import { missingScopes, unionScopes } from './scopes.ts'

/**
 * How the scopes of one resource compare where a broader one implies narrower ones. Whoever holds one scope of a resource
 * against another asks here: what is written in a request, a grant or a token need not name what it implies.
 */
export interface ScopeHierarchy {
  /** These, and then all that they imply, each once. */
  expand(scopes: readonly string[]): string[]
  /** The fewest of these that imply all of them. */
  reduce(scopes: readonly string[]): string[]
  /** Those of `needed` that `held` neither names nor implies. */
  missing(needed: readonly string[], held: readonly string[]): string[]
  /** All that both name or imply, in the order of the first. */
  common(first: readonly string[], second: readonly string[]): string[]
  /** Those that may pass; of one that may not, what it implies and may. */
  allowed(scopes: readonly string[], may: (scope: string) => boolean): string[]
}

/**
 * @param implies what each scope implies directly; all that these imply follows. A scope that is not there implies nothing.
 * @example
 * const { expand, reduce } = scopeHierarchy({ files: ['files:write'], 'files:write': ['files:read'] })
 * expand(['files']) // ['files', 'files:write', 'files:read']
 * reduce(['files:read', 'files', 'mail']) // ['files', 'mail']
 */
export function scopeHierarchy(implies: Readonly<Record<string, readonly string[]>> = {}): ScopeHierarchy {
  // A Map, since a scope could be called "constructor".
  const direct = new Map(Object.entries(implies))
  const all = new Map([...direct.keys()].map((scope) => [scope, impliedBy(scope, direct)]))
  const implied = (scopes: readonly string[]) => scopes.flatMap((scope) => all.get(scope) ?? [])

  const expand: ScopeHierarchy['expand'] = (scopes) => unionScopes(scopes, implied(scopes))
  const reduce: ScopeHierarchy['reduce'] = (scopes) => missingScopes(unionScopes(scopes), implied(scopes))
  return {
    expand,
    reduce,
    missing: (needed, held) => missingScopes(needed, expand(held)),
    common(first, second) {
      const held = new Set(expand(second))
      return expand(first).filter((scope) => held.has(scope))
    },
    allowed(scopes, may) {
      const whole = scopes.filter(may)
      const parts = expand(scopes.filter((scope) => !may(scope))).filter(may)
      return [...whole, ...reduce(missingScopes(parts, expand(whole)))]
    },
  }
}

/** Without itself. */
function impliedBy(scope: string, direct: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const found = new Set<string>()
  const visit = (one: string) => {
    for (const next of direct.get(one) ?? []) {
      if (found.has(next)) continue
      found.add(next)
      visit(next)
    }
  }
  visit(scope)
  found.delete(scope)
  return [...found]
}
