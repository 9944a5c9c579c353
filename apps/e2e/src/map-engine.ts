import { randomUUID } from 'node:crypto'
import { sha256 } from '../../../packages/core/src/crypto/hash.ts'
import type {
  EngineAfterLogin,
  LoadedAccessToken,
  Login,
  TokenSet,
} from '../../../packages/core/src/engine/engine.ts'
import { OAuthError } from '../../../packages/core/src/oauth-error.ts'
import {
  authMethodsOf,
  needsSecret,
  type RegisteredClient,
  type TokenEndpointAuthMethod,
} from '../../../packages/core/src/records/client-metadata.ts'

interface MapGrant extends Pick<Login, 'subject' | 'claims' | 'scopes'> {
  client_id: string
  resource: string
  /** Absent: a client that acts for itself. */
  login?: {
    request: Login['request']
    redeemed: boolean
    client_auth_methods: readonly TokenEndpointAuthMethod[]
  }
}

type MapEngine = EngineAfterLogin &
  Required<Pick<EngineAfterLogin, 'issue' | 'registerClient'>> & { grants: Map<string, MapGrant> }

/** The smallest engine somebody could bring: everything in Maps, tokens that say nothing. */
export function mapEngine(known: readonly RegisteredClient[] = []): MapEngine {
  const clients = new Map(known.map((client) => [client.client_id, client]))
  const grants = new Map<string, MapGrant>()
  /** Codes and tokens, and the grant they stand on. */
  const credentials = new Map<string, string>()

  const issued = (kind: 'code' | 'access' | 'refresh', grant: string) => {
    const credential = `map-${kind}-${randomUUID()}`
    credentials.set(credential, grant)
    return credential
  }
  const found = (credential: string) => {
    const id = credentials.get(credential) ?? ''
    const grant = grants.get(id)
    return grant && { id, grant }
  }
  const standing = (id: string, grant: MapGrant) => ({
    grant: id,
    client_id: grant.client_id,
    subject: grant.subject,
    resource: grant.resource,
    scopes: grant.scopes,
    expires_at: 4_000_000_000,
  })
  const tokens = (id: string, scopes: readonly string[]): TokenSet => ({
    access_token: issued('access', id),
    token_type: 'Bearer',
    expires_in: 60,
    scope: scopes.join(' '),
    refresh_token: issued('refresh', id),
  })
  const end = (id: string) => async () => {
    grants.delete(id)
  }

  return {
    grants,
    getClient: async (client_id) => clients.get(client_id),
    async registerClient(metadata) {
      const client_secret = needsSecret(metadata) ? randomUUID() : undefined
      const client: RegisteredClient = {
        ...metadata,
        client_id: randomUUID(),
        client_id_issued_at: 0,
        client_secret_hash: client_secret && sha256(client_secret),
        source: 'registered',
      }
      clients.set(client.client_id, client)
      return { client, client_secret }
    },
    async completeLogin({ client, request, subject, claims, scopes }) {
      const id = randomUUID()
      const { client_id } = client
      const { resource } = request
      const login = { request, redeemed: false, client_auth_methods: authMethodsOf(client) }
      grants.set(id, { client_id, subject, claims, scopes, resource, login })
      return { code: issued('code', id) }
    },
    async loadCode(code) {
      if (!code.startsWith('map-code-')) return undefined
      const { id, grant } = found(code) ?? {}
      if (id === undefined || !grant?.login) return { refused: 'unknown' }
      const { login } = grant
      const { redirect_uri, redirect_uri_named, code_challenge } = login.request
      return {
        ...standing(id, grant),
        redirect_uri,
        redirect_uri_named,
        code_challenge,
        client_auth_methods: login.client_auth_methods,
        redeemed: login.redeemed,
        async redeem(_client, { scopes }) {
          if (login.redeemed) throw new OAuthError('invalid_grant', 'The code was used already.')
          login.redeemed = true
          return tokens(id, scopes)
        },
      }
    },
    async loadRefreshToken(refresh_token) {
      if (!refresh_token.startsWith('map-refresh-')) return undefined
      const { id, grant } = found(refresh_token) ?? {}
      if (id === undefined || !grant) return { refused: 'unknown' }
      return {
        ...standing(id, grant),
        client_auth: undefined,
        isActive: () => true,
        async refresh(_client, { scopes }) {
          credentials.delete(refresh_token)
          return tokens(id, scopes)
        },
        revoke: end(id),
      }
    },
    async loadAccessToken(access_token) {
      if (!access_token.startsWith('map-access-')) return undefined
      const { id, grant } = found(access_token) ?? {}
      if (id === undefined || !grant) return { refused: 'grant_ended' }
      const loaded: LoadedAccessToken = {
        ...standing(id, grant),
        granted: grant.scopes,
        token_type: 'Bearer',
        claims: grant.claims,
        revoke: end(id),
      }
      return loaded
    },
    async issue({ client: { client_id } }, { resource, scopes }) {
      const id = randomUUID()
      grants.set(id, { client_id, subject: `client|${client_id}`, claims: {}, scopes, resource })
      return tokens(id, scopes)
    },
  }
}
