import { ConfigurationError } from '../errors.ts'
import { checkMembers, didYouMean, inWords } from '../known-options.ts'
import type { ResourceScopes } from '../syntax/resource.ts'
import { scopeHierarchy } from '../syntax/scope-hierarchy.ts'
import { checkedScopes } from '../syntax/scopes.ts'
import { isWords } from '../syntax/words.ts'
import type { ScopeDefinition, ScopeOptions } from './options.ts'

/** The providers that an operator's mapping is about. */
export type MappedProviders = readonly { id: string; type: 'oauth' | 'form' }[]

type Definitions = ReadonlyMap<string, ScopeDefinition>

/**
 * What `supported` says about each scope it names, list or map. Throws {@link ConfigurationError}.
 *
 * @param option its full name, such as `scopes.supported`
 */
export function scopeDefinitions(option: string, supported: ScopeOptions['supported']): Definitions {
  if (supported === undefined || !isMap(supported)) {
    return new Map(checkedScopes(option, supported).map((scope) => [scope, {}]))
  }
  checkedScopes(option, Object.keys(supported))
  return new Map(
    Object.entries(supported).map(([scope, given]) => [scope, definition(`${option}["${scope}"]`, given)]),
  )
}

function isMap(
  supported: NonNullable<ScopeOptions['supported']>,
): supported is Exclude<NonNullable<ScopeOptions['supported']>, readonly string[]> {
  return typeof supported === 'object' && supported !== null && !Array.isArray(supported)
}

function definition(option: string, given: string | ScopeDefinition): ScopeDefinition {
  if (typeof given === 'string') return { description: given }
  if (typeof given !== 'object' || given === null) {
    throw new ConfigurationError(
      option,
      `is ${inWords(given)}`,
      'Pass a description for people, or { description, implies, upstream }.',
    )
  }
  if (isWordsAlone(given)) {
    const fix = "Put them into its description: { description: { en: 'Read your files', de: '…' } }."
    throw new ConfigurationError(option, 'has a text for each language', fix)
  }
  checkMembers<ScopeDefinition>(option, given, { description: true, implies: true, upstream: true })
  const { description } = given
  if (description !== undefined && !isWords(description)) {
    const fix = "Pass a text, or one for each language: { en: 'Read your files', de: '…' }."
    throw new ConfigurationError(`${option}.description`, `is ${inWords(description)}`, fix)
  }
  return given
}

/** What a `description` is: `{ en: 'Read your files' }`. */
function isWordsAlone(given: object): boolean {
  return isWords(given) && Object.keys(given).every((name) => /^[a-z]{2,3}(?:-|$)/i.test(name))
}

/** What is said about scopes, ready to be asked. Throws {@link ConfigurationError}. */
export function scopeMeanings(
  option: string,
  definitions: Definitions,
  supported: readonly string[],
  providers: MappedProviders | undefined,
): Pick<ResourceScopes, 'hierarchy' | 'descriptions' | 'upstream'> {
  const known = [...definitions].filter(([scope]) => supported.includes(scope))
  const implies = known.flatMap(([scope, { implies: given }]) => {
    const member = `${option}["${scope}"].implies`
    const implied = checkedScopes(member, given)
    const unknown = implied.find((one) => !supported.includes(one))
    if (unknown !== undefined) throw unsupported(member, unknown, supported)
    return implied.length > 0 ? [[scope, implied] as const] : []
  })
  const circle = circleIn(new Map(implies))
  if (circle) {
    throw new ConfigurationError(
      `${option}["${circle[0]}"].implies`,
      `leads back to itself: ${circle.join(' > ')}`,
      'A broader scope implies narrower ones: take one of these away.',
    )
  }
  return {
    hierarchy: scopeHierarchy(Object.fromEntries(implies)),
    descriptions: new Map(
      known.flatMap(([scope, { description }]) => (description ? [[scope, description]] : [])),
    ),
    upstream: new Map(
      known.flatMap(([scope, { upstream }]) => {
        const member = `${option}["${scope}"].upstream`
        return upstream === undefined ? [] : [[scope, byProvider(member, upstream, providers)]]
      }),
    ),
  }
}

function unsupported(option: string, scope: string, supported: readonly string[]): ConfigurationError {
  const fix = didYouMean(scope, supported, 'Add it to the supported scopes.')
  return new ConfigurationError(option, `names "${scope}", which is not supported`, fix)
}

/** The first chain that leads back to where it began. */
function circleIn(implies: ReadonlyMap<string, readonly string[]>): readonly string[] | undefined {
  const done = new Set<string>()
  const visit = (path: readonly string[], scope: string): readonly string[] | undefined => {
    if (path.includes(scope)) return [...path.slice(path.indexOf(scope)), scope]
    if (done.has(scope)) return undefined
    for (const next of implies.get(scope) ?? []) {
      const circle = visit([...path, scope], next)
      if (circle) return circle
    }
    done.add(scope)
    return undefined
  }
  for (const scope of implies.keys()) {
    const circle = visit([], scope)
    if (circle) return circle
  }
  return undefined
}

/** A list is about the one provider that speaks OAuth. Without any provider, as where others sign in, it says nothing. */
function byProvider(
  option: string,
  upstream: NonNullable<ScopeDefinition['upstream']>,
  providers: MappedProviders | undefined,
): ReadonlyMap<string, readonly string[]> {
  const wrong = (got: string, fix: string) => new ConfigurationError(option, got, fix)
  const list = isList(upstream)
  const entries: readonly (readonly [string, readonly string[]])[] = list ? [] : mapped(option, upstream)
  const needed = list ? checkedScopes(option, upstream) : []
  if (!providers) return new Map(entries)
  const unknown = entries.find(([id]) => providers.every((provider) => provider.id !== id))
  if (unknown) {
    const ids = providers.map(({ id }) => id)
    throw wrong(`names the provider "${unknown[0]}", which there is not`, `Use one of ${ids.join(', ')}.`)
  }
  const form = entries.find(([id, scopes]) => scopes.length > 0 && isForm(providers, id))
  if (form) {
    const got = `names scopes of "${form[0]}", whose people sign in here`
    throw wrong(got, 'It has none to grant: pass an empty list.')
  }
  if (!list) return new Map(entries)
  const [only, ...others] = providers.filter(({ type }) => type === 'oauth')
  if (only && others.length === 0) return new Map([[only.id, needed]])
  if (!only) {
    const fix = 'Leave it out: people sign in here, and the scope is yours to grant.'
    throw wrong('is a list, and no provider has scopes to grant', fix)
  }
  const each = [only, ...others].map(({ id }) => `'${id}': [...]`)
  throw wrong('is a list, and there are several providers', `Say which: { ${each.join(', ')} }.`)
}

function isList(upstream: NonNullable<ScopeDefinition['upstream']>): upstream is readonly string[] {
  return Array.isArray(upstream) || typeof upstream !== 'object' || upstream === null
}

function mapped(option: string, upstream: Readonly<Record<string, readonly string[]>>) {
  return Object.entries(upstream).map(([id, scopes]) => {
    if (scopes !== undefined) return [id, checkedScopes(`${option}["${id}"]`, scopes)] as const
    throw new ConfigurationError(
      `${option}["${id}"]`,
      'is missing',
      'Pass a list, which may be empty, or remove it.',
    )
  })
}

function isForm(providers: MappedProviders, id: string): boolean {
  return providers.some((provider) => provider.id === id && provider.type === 'form')
}
