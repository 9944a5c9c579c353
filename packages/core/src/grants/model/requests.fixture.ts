import { isNamed, type OAuthError } from '../../errors.ts'
import { authorizationCodeGrant } from '../authorization-code.ts'
import { refreshTokenGrant } from '../refresh-token.ts'
import { client, code_verifier, grantStorageKey, type Instance } from './instance.fixture.ts'
import type { Answer, Presented } from './scenario.fixture.ts'

const headers = new Headers()
const { client_id } = client

/** One request to an instance, as its endpoints make it, and what its client gets to see. */
export async function answerOf(instance: Instance, presented: Presented): Promise<Answer> {
  try {
    return await perform(instance, presented)
  } catch (error) {
    if (isNamed(error, 'Unavailable')) return { kind: 'unavailable' }
    if (isNamed<OAuthError>(error, 'OAuthError') && error.code === 'invalid_grant') return { kind: 'refused' }
    return { kind: 'error', error: String(error) }
  }
}

async function perform(instance: Instance, presented: Presented): Promise<Answer> {
  const { engine, records } = instance
  switch (presented.kind) {
    case 'refresh': {
      const form = formOf({ refresh_token: presented.token, client_id })
      return granted(await refreshTokenGrant(instance, headers, form))
    }
    case 'redeem': {
      const [redirect_uri = ''] = client.redirect_uris
      const form = formOf({ code: presented.code, client_id, redirect_uri, code_verifier })
      return granted(await authorizationCodeGrant(instance, headers, form))
    }
    case 'revoke': {
      const { token } = presented
      const loaded = (await engine.loadRefreshToken(token)) ?? (await engine.loadAccessToken(token))
      if (loaded?.client_id === client_id) await loaded.revoke()
      return { kind: 'done' }
    }
    case 'use':
      return { kind: (await engine.loadAccessToken(presented.access_token)) ? 'active' : 'inactive' }
    case 'reseal':
      await records.reseal(grantStorageKey)
      return { kind: 'done' }
  }
}

function formOf(parameters: Readonly<Record<string, string>>) {
  return { get: (name: string) => parameters[name], all: () => [] }
}

function granted(tokens: { access_token: string; refresh_token?: string | undefined }): Answer {
  const { access_token, refresh_token = '' } = tokens
  return { kind: 'tokens', refresh_token, access_token }
}
