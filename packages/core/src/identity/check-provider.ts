import { ConfigurationError } from '../errors.ts'
import { checkMembers, inWords, nearest, said } from '../known-options.ts'
import type { Prompt } from '../records/transaction.ts'
import { isWords } from '../syntax/words.ts'
import type { FormField, FormProvider, OAuthProvider, Provider } from './provider.ts'
import { hasIdTokens, neededEndpoints } from './upstream-metadata.ts'

/**
 * What a provider declares has to be enough for a login. Throws {@link ConfigurationError} for endpoints that are
 * neither written nor to be discovered, for fields or words that no page could show, for prompts that nobody
 * knows, and for a mark that is no image.
 */
export function checkProvider(provider: Provider): void {
  checkIcon(provider)
  if (provider.type === 'form') checkForm(provider)
  else {
    checkEndpoints(provider)
    checkDescriptions(provider)
    checkPrompts(provider)
  }
}

const prompts: readonly unknown[] = ['login', 'select_account', 'none'] satisfies Prompt[]

function checkPrompts(provider: OAuthProvider): void {
  const { prompts: listed }: { prompts?: unknown } = provider
  if (listed === undefined) return
  const wrong = wrongIn(provider, 'prompts')
  const fix = `Pass a list of ${prompts.join(', ')}; an empty one where it does none of them.`
  if (!Array.isArray(listed)) throw wrong(`is ${inWords(listed)}`, fix)
  const unknown = listed.findIndex((prompt) => !prompts.includes(prompt))
  if (unknown !== -1) throw wrong(`has ${said(listed[unknown])}`, fix)
  if (!listed.includes('login') || hasIdTokens(provider)) return
  throw wrong('has "login", and no id_token will say when people signed in', 'Leave it out.')
}

function checkDescriptions({ id, scopes: { descriptions } }: OAuthProvider): void {
  if (descriptions === undefined) return
  const isObject = typeof descriptions === 'object' && descriptions !== null && !Array.isArray(descriptions)
  if (isObject && Object.values(descriptions).every(isShown)) return
  throw new ConfigurationError(
    `provider "${id}": scopes.descriptions`,
    isObject ? 'has one that is no text' : `is ${inWords(descriptions)}`,
    "Pass a text for each scope: { 'read:user': 'Read your profile' }.",
  )
}

function isShown(words: unknown): boolean {
  return isWords(words) && (typeof words === 'string' ? [words] : Object.values(words)).every(isText)
}

function wrongIn({ id }: Provider, member: string): (got: string, fix: string) => ConfigurationError {
  return (got, fix) => new ConfigurationError(`provider "${id}": ${member}`, got, fix)
}

function checkEndpoints(provider: OAuthProvider): void {
  const { endpoints, issuer } = provider
  const wrong = wrongIn(provider, 'endpoints')
  if (typeof endpoints !== 'object' || endpoints === null) {
    throw wrong(
      `is ${inWords(endpoints)}`,
      'Pass an object, which may be empty where the `issuer` publishes them.',
    )
  }
  if (typeof issuer === 'string') return
  const missing = neededEndpoints(provider).filter((name) => endpoints[name] === undefined)
  if (missing.length === 0) return
  throw wrong(
    `has no ${missing.join(', ')}`,
    issuer === undefined
      ? 'Name them, or pass the `issuer` that publishes them.'
      : 'Name them: with a function as `issuer` there is no one place to discover them at.',
  )
}

const members = {
  type: true,
  id: 'text',
  label: 'text',
  icon: 'object',
  fields: true,
  verify: 'function',
  recheck: 'function',
} as const

/** Names that are the form's own. */
const taken = ['csrf', 'decision']
const types: readonly FormField['type'][] = ['text', 'email', 'password', 'one-time-code']

function checkForm(provider: FormProvider): void {
  const { type, id, label, icon, fields, verify, recheck } = provider
  const known = { type, id, label, icon, fields, verify, ...(recheck && { recheck }) }
  checkMembers<FormProvider>(`provider "${id}"`, known, members)
  // It may be an object of a class and have more; but what is nearly a name of ours was meant to be one.
  for (const own of Object.keys(provider)) {
    const meant = own in members ? undefined : nearest(own, Object.keys(members))
    if (meant === undefined || provider[meant as keyof FormProvider] !== undefined) continue
    throw wrongIn(provider, own)('is no member of a provider', `Did you mean "${meant}"?`)
  }
  checkFields(provider)
}

function checkFields(provider: FormProvider): void {
  const { label, fields } = provider
  if (!isText(label)) throw wrongIn(provider, 'label')(`is ${inWords(label)}`, 'Pass what people call it.')
  const wrong = wrongIn(provider, 'fields')
  const incomplete = fields.find((field) => !isText(Object(field).name) || !isShown(Object(field).label))
  if (incomplete !== undefined) {
    throw wrong(
      'has one without a name or a label',
      "Give each field both: { name: 'username', label: 'User name' }, or the label by language.",
    )
  }
  if (fields.length === 0) {
    throw wrong('is empty', 'Name what people type, such as a name and a password.')
  }
  const names = fields.map(({ name }) => name)
  const unusable = names.find(
    (name, index) =>
      !/^[a-z][a-z0-9_]{0,31}$/.test(name) || taken.includes(name) || names.indexOf(name) !== index,
  )
  if (unusable !== undefined) {
    throw wrong(
      names.filter((name) => name === unusable).length > 1
        ? `has the name "${unusable}" twice`
        : `has the name "${unusable}"`,
      `Give each a name of its own, of lower-case letters, digits and _ (and not ${taken.join(', ')}).`,
    )
  }
  const odd = fields.find(({ type }) => !types.includes(type))
  if (odd) throw wrong(`has the type "${odd.type}"`, `Use one of ${types.join(', ')}.`)
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== ''
}

/** Characters of a mark, which is part of each page that shows it. */
const largestIcon = 20_000

function checkIcon(provider: Provider): void {
  const { icon } = provider
  if (icon === undefined) return
  const { svg }: { svg?: unknown } = Object(icon)
  const text = typeof svg === 'string' ? svg : ''
  // Half a character cannot be part of a URL.
  const isImage = /^<svg\s[^>]*xmlns="[^"]+"/.test(text) && !/\p{Surrogate}/u.test(text)
  if (isImage && text.length <= largestIcon) return
  throw wrongIn(provider, 'icon')(
    text.length > largestIcon ? `has ${text.length} characters` : 'is no SVG image',
    `Pass { svg: '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">...' } of at most ${largestIcon} characters.`,
  )
}
