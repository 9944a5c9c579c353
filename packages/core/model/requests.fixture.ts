import { authenticateClient, clientCredentials } from '../src/clients/client-authentication.ts'
import type { TokenSet } from '../src/engine/engine.ts'
import { isNamed } from '../src/errors.ts'
import { authorizationCodeGrant } from '../src/grants/authorization-code.ts'
import type { Grant } from '../src/grants/grant-type.ts'
import { refreshTokenGrant } from '../src/grants/refresh-token.ts'
import type { Form } from '../src/http/forms.ts'
import type { OAuthError } from '../src/oauth-error.ts'
import {
  client,
  code_verifier,
  grantStorageKey,
  type Instance,
  provider,
  redirect_uri,
  resource,
} from './instance.fixture.ts'
import type { Answer, Presented } from './scenario.fixture.ts'

const headers = new Headers()
const { client_id } = client
/** They matter to clients with a scope of their own. */
const resources: never[] = []

/** One request to an instance, as its endpoints make it, and what its client gets to see. */
export async function answerOf(instance: Instance, presented: Presented): Promise<Answer> {
  try {
    return await perform(instance, presented)
  } catch (error) {
    if (isNamed(error, 'Unavailable')) return { kind: 'unavailable' }
    if (isNamed<OAuthError>(error, 'OAuthError') && error.code === 'invalid_grant') {
      if (error.event) instance.emit(error.event)
      return { kind: 'refused', description: error.message }
    }
    return { kind: 'error', error: String(error) }
  }
}

async function perform(instance: Instance, presented: Presented): Promise<Answer> {
  const { engine, records } = instance
  switch (presented.kind) {
    case 'refresh': {
      const form = formOf({ refresh_token: presented.token, client_id })
      return granted(await exchanged(instance, refreshTokenGrant({ engine, resources }), form))
    }
    case 'redeem': {
      const form = formOf({ code: presented.code, client_id, redirect_uri, code_verifier })
      return granted(await exchanged(instance, authorizationCodeGrant({ engine, resources }), form))
    }
    case 'revoke': {
      const { token } = presented
      const loaded = (await engine.loadRefreshToken(token)) ?? (await engine.loadAccessToken(token))
      if (loaded && 'revoke' in loaded) await loaded.revoke()
      return { kind: 'done' }
    }
    case 'use':
      return { kind: isGood(await engine.loadAccessToken(presented.access_token)) ? 'active' : 'inactive' }
    case 'sign-in': {
      const { tidy } = await instance.createGrant(login(presented.redirect_uri ?? redirect_uri))
      await tidy()
      return { kind: 'done' }
    }
    case 'reseal':
      await records.reseal(grantStorageKey)
      return { kind: 'done' }
  }
}

/** As the token endpoint does it. */
async function exchanged({ engine, clock, records }: Instance, grant: Grant, form: Form): Promise<TokenSet> {
  const authentication = {
    clients: { get: engine.getClient, keys: async () => [], isDoubted: () => false, letIn: async () => {} },
    audiences: [],
    records,
    clock,
  }
  const [authenticated, proceed] = await Promise.all([
    authenticateClient(authentication, clientCredentials(headers, form)),
    grant(form, { admit: () => {} }),
  ])
  return proceed(authenticated)()
}

/** The same user comes back from the provider. */
function login(redirect_uri: string): Parameters<Instance['createGrant']>[0] {
  return {
    client,
    request: {
      client_id,
      redirect_uri,
      code_challenge: '',
      scopes: ['user'],
      resource,
      correlation: 'sign-in',
      redirect_uri_named: true,
    },
    provider: provider.id,
    subject: `${provider.id}|1`,
    claims: {},
    scopes: ['user'],
    upstream: {
      provider,
      brought: {
        tokens: { access_token: 'upstream', token_type: 'bearer', scopes: ['user'] },
        answer: {},
      },
    },
  }
}

function isGood(loaded: Awaited<ReturnType<Instance['engine']['loadAccessToken']>>): boolean {
  return loaded !== undefined && !loaded.refused
}

function formOf(parameters: Readonly<Record<string, string>>) {
  return { get: (name: string) => parameters[name], all: () => [] }
}

function granted(tokens: { access_token: string; refresh_token?: string | undefined }): Answer {
  const { access_token, refresh_token = '' } = tokens
  return { kind: 'tokens', refresh_token, access_token }
}
