import type { Auth, AuthInfo, OAuthServer, OAuthServerWithDefault } from '@drawbridge/core'
import type { Storage } from '@drawbridge/core/storage'

/**
 * Something of everything that an interface has: complete by its type, so that a member or an argument that is new
 * does not compile before it is in the table below.
 */
export type Members<T> = { readonly [Name in keyof T]-?: Member<NonNullable<T[Name]>> & Presence<T, Name> }

/** What a method is called with, every argument and option given, and what it may answer; or what a property holds. */
type Member<M> = M extends (...given: infer Arguments) => infer Result
  ? { arguments: Complete<Arguments> } & (Result extends Auth
      ? { nested: Members<Result> }
      : { returns: () => Result })
  : { value: M; late?: true }

type Presence<T, Name extends keyof T> =
  Record<never, never> extends Pick<T, Name> ? { optional: true } : { optional?: undefined }

type Complete<Arguments extends readonly unknown[]> = {
  [Index in keyof Arguments]-?: CompleteOptions<NonNullable<Arguments[Index]>>
}
type CompleteOptions<Argument> = Argument extends Request | AuthInfo | ((...given: never[]) => unknown)
  ? Argument
  : Argument extends object
    ? { [Name in keyof Argument]-?: NonNullable<Argument[Name]> }
    : Argument

const authInfo: AuthInfo = {
  token: 'token',
  clientId: 'client',
  scopes: ['read'],
  expiresAt: 2_000_000_000,
  resource: new URL('https://mcp.test/mcp'),
  resourceMetadataUrl: 'https://mcp.test/.well-known/oauth-protected-resource/mcp',
  extra: {
    subject: 'acme|1',
    issuer: 'https://mcp.test',
    user: { name: 'Ada' },
    grant: 'o.g',
    correlation: 'c',
  },
}
const route = '/token'

/** Of an `Auth`. */
export const authMembers: Members<Auth> = {
  handle: {
    arguments: [
      new Request(`https://mcp.test${route}`, { method: 'POST' }),
      { clientAddress: '192.0.2.1', waitUntil: () => {} },
    ],
    returns: async () => Response.json({}),
  },
  routes: { value: [{ path: route, methods: ['POST'] }] },
  endpoints: { value: [{ url: 'https://mcp.test/mcp', paths: ['/mcp'] }], late: true, optional: true },
  ready: { arguments: [], returns: async () => {}, optional: true },
  close: { arguments: [], returns: async () => {}, optional: true },
  notice: { arguments: ['mounted elsewhere'], returns: () => {}, optional: true },
  authenticate: {
    arguments: [new Request('https://mcp.test/mcp'), { scopes: ['read'], methods: ['GET'] }],
    returns: async () => ({ ok: true, auth: authInfo }),
  },
  challenge: {
    arguments: [authInfo, { scopes: ['write'] }],
    returns: async () => new Response(null, { status: 403 }),
  },
  revalidate: { arguments: [authInfo], returns: async () => true },
  upstreamToken: {
    arguments: [authInfo, { scopes: ['read'], rejected: 'rejected' }],
    returns: async () => ({ access_token: 'upstream', expires_at: 2, scopes: ['read'], provider: 'acme' }),
    optional: true,
  },
  limitAnonymous: {
    arguments: [
      new Request('https://mcp.test/mcp', { method: 'POST' }),
      { clientAddress: '192.0.2.1', waitUntil: () => {} },
    ],
    returns: async () => new Response(null, { status: 429 }),
    optional: true,
  },
  resource: { value: 'https://mcp.test/mcp', late: true },
  resourcePaths: { value: ['/mcp'], late: true, optional: true },
  grantableScopes: { value: ['read'], late: true, optional: true },
  marker: { value: { mark: () => 'mark', isMarked: () => true }, late: true, optional: true },
}

/** Of an `OAuthServer`. */
export const serverMembers: Members<OAuthServer> = {
  handle: authMembers.handle,
  routes: authMembers.routes,
  endpoints: authMembers.endpoints,
  close: authMembers.close,
  notice: authMembers.notice,
  upstreamToken: {
    arguments: [authInfo, { scopes: ['read'], rejected: 'rejected' }],
    returns: async () => ({ access_token: 'upstream', expires_at: 2, scopes: ['read'], provider: 'acme' }),
  },
  at: { arguments: ['/files'], nested: authMembers },
  grants: {
    value: {
      list: async () => [],
      revoke: async () => true,
      revokeAll: async () => 0,
      endAll: async () => ({ ended: 0, forgotten: 0, failed: 0 }),
    },
    late: true,
  },
  clients: {
    value: {
      list: async () => ({ clients: [] }),
      get: async () => undefined,
      create: async () => Promise.reject(new Error('made nothing')),
      update: async () => undefined,
      rotateSecret: async () => undefined,
      delete: async () => true,
    },
    late: true,
  },
  signingKeys: { value: { list: async () => [], revoke: async () => true }, late: true },
  maintain: {
    arguments: [],
    returns: async () => ({ records: 1, resealed: 0, remaining: {}, purged: 1, unreadable: 0, ended: 0 }),
  },
  ready: { arguments: [], returns: async () => {} },
}

/** Of one that is also the gate of its default resource. */
export const defaultServerMembers: Members<OAuthServerWithDefault> = { ...authMembers, ...serverMembers }

/** Of a `Storage`. */
export const storageMembers: Members<Storage> = {
  get: { arguments: ['grant/ada/1'], returns: async () => ({ value: 'value', version: '1' }) },
  put: {
    arguments: ['grant/ada/1', 'value', { ifVersion: '1', expiresAt: 2_000_000_000 }],
    returns: async () => '2',
  },
  delete: { arguments: ['grant/ada/1', { ifVersion: '1' }], returns: async () => true },
  list: {
    arguments: ['grant/ada/', { cursor: 'next', limit: 7 }],
    returns: async () => ({ keys: ['grant/ada/1'], cursor: 'later' }),
  },
  purge: { arguments: [7], returns: async () => 3, optional: true },
  check: { arguments: [], returns: async () => {}, optional: true },
  close: { arguments: [], returns: async () => {}, optional: true },
}
