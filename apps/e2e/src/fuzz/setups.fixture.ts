import type { OAuthServerOptions, ScopeOptions } from '@drawbridge/core'
import { forwardedAddress } from '@drawbridge/core'
import { marks } from './texts.fixture.ts'

/** A server that is set up in one of several ways. */
export type SetupName =
  | 'usual'
  | 'scopes that imply others'
  | 'limits'
  | 'few may register'
  | 'remembered consent'

export interface Setup {
  options: Pick<OAuthServerOptions, 'scopes' | 'registration' | 'limits' | 'consent'>
  /** What a client may ask for so that it gets something, whoever signs in. */
  scopes: readonly (string | undefined)[]
}

const scopes: ScopeOptions = { supported: ['files:read', 'files:write'], default: ['files:read'] }
const usual: Setup = {
  options: { scopes },
  scopes: [
    undefined,
    'files:read',
    'files:read files:write',
    'files:write offline_access',
    'files:read unknown',
  ],
}

/** Seconds. */
export const limitWindow = 10

/** What a client of the operator's brings to register (RFC 7591 3). */
export const initialAccessToken = 'hG7-qR2_vX9.kLm4~pQs8+tWz1/bNc6YdFe3JaUiOo='
/** `software_id` of clients that the operator's own function fails at, and of those that it refuses. */
export const troublesome = { throws: 'throws', nonsense: 'nonsense', refused: 'refused', silent: 'no' }

export const setups: Readonly<Record<SetupName, Setup>> = {
  usual,
  'scopes that imply others': {
    options: {
      scopes: {
        supported: {
          'files:read': `read ${marks[0]}`,
          'files:write': {
            description: `change ${marks[3]}`,
            implies: ['files:read'],
            upstream: { github: ['gist'], apple: [], acme: [] },
          },
          'files:all': {
            implies: ['files:write'],
            upstream: { github: ['repo'], apple: ['name'], acme: [] },
          },
          // Names that every object has.
          constructor: { description: 'build', upstream: { github: [], apple: [], acme: [] } },
          toString: { implies: ['constructor'], upstream: { github: [], apple: [], acme: [] } },
        },
        default: ['files:read'],
      },
    },
    scopes: [
      undefined,
      'files:read',
      'files:write',
      'files:read files:all',
      'files:all unknown',
      'toString',
      'constructor files:read offline_access',
    ],
  },
  limits: {
    ...usual,
    options: {
      scopes,
      limits: {
        key: forwardedAddress({ hops: 1 }),
        window: limitWindow,
        requests: { register: 2, authorize: 2, consent: 3, signIn: 2, callback: 2, token: 2, revoke: 1 },
      },
    },
  },
  'remembered consent': { ...usual, options: { scopes, consent: 'remember' } },
  'few may register': {
    ...usual,
    options: {
      scopes,
      registration: {
        initialAccessToken: [initialAccessToken],
        allow({ software_id }) {
          if (software_id === troublesome.throws) throw new Error('the list is out')
          if (software_id === troublesome.nonsense) return undefined as unknown as boolean
          if (software_id === troublesome.refused) return 'Not "you"\\, \u00e9 <fuzz-element>'
          return software_id !== troublesome.silent
        },
      },
    },
  },
}

/** All that these scopes are worth, in this setup. */
export function closure(name: SetupName, given: readonly string[]): ReadonlySet<string> {
  const { supported } = setups[name].options.scopes as ScopeOptions
  const found = new Set<string>()
  const visit = (scope: string) => {
    if (found.has(scope)) return
    found.add(scope)
    if (Array.isArray(supported) || !supported || !Object.hasOwn(supported, scope)) return
    const said = (supported as Record<string, string | { implies?: readonly string[] }>)[scope]
    if (typeof said === 'object') for (const one of said.implies ?? []) visit(one)
  }
  for (const scope of given) visit(scope)
  return found
}

/** What a request for these scopes may come to at most: what it names, or the default where it names nothing. */
export function askedFor(name: SetupName, scope: string | null): ReadonlySet<string> {
  const named = (scope ?? '').split(/[\s]+/).filter((one) => one !== '' && one !== 'offline_access')
  const { default: usually = [] } = setups[name].options.scopes as ScopeOptions
  return closure(name, named.length > 0 ? named : usually)
}
