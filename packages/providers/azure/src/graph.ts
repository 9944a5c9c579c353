import {
  askedUser,
  ConfigurationError,
  checkMembers,
  jsonAnswer,
  type Login,
  member,
} from '@drawbridge/core/provider'
import { secureUrl } from '@drawbridge/core/syntax'
import { onBehalfOf } from './on-behalf-of.ts'
import { isOwn } from './scope-names.ts'

/** What to ask Microsoft Graph about whoever signs in. */
export interface GraphOptions {
  /**
   * Properties of a user, such as `department` or `jobTitle`: a tool finds them in `user.graph`, and `permit` decides by them.
   * https://learn.microsoft.com/graph/api/resources/user#properties
   */
  fields: readonly string[]
  /** Where Microsoft Graph is; a development provider can stand in. Default: that of the authority's cloud. */
  url?: string | undefined
}

/** @throws {ConfigurationError} for what is no property's name */
export function checkGraph(options: GraphOptions | undefined): void {
  if (options === undefined) return
  checkMembers<GraphOptions>('graph', options, { fields: 'texts', url: 'text' })
  if (options.url !== undefined) secureUrl('graph.url', options.url, 'Pass an https URL.')
  const { fields = [] } = options
  const odd = fields.find((field) => !/^[a-z]\w*$/i.test(field))
  if (fields.length > 0 && odd === undefined) return
  throw new ConfigurationError(
    'graph.fields',
    odd === undefined ? 'is an empty list' : `holds "${odd}"`,
    "Name properties of a user at Microsoft Graph: ['department', 'jobTitle'].",
  )
}

/**
 * What Microsoft Graph says of somebody: with the kept token where that is for Graph, and else on their behalf.
 * https://learn.microsoft.com/graph/api/user-get
 *
 * @param graph what its scopes begin with: each cloud has its own
 * @throws {Error} for anything but an answer: an outage, a permission that nobody gave
 */
export async function profileOf(
  login: Login<unknown>,
  options: GraphOptions,
  graph: string,
): Promise<Record<string, unknown>> {
  const { fields, url = graph } = options
  const tokens = { ...login.tokens, access_token: await graphToken(login, graph) }
  const me = `${url.replace(/\/+$/, '')}/v1.0/me?$select=${[...new Set(['id', ...fields])].join(',')}`
  const profile = await askedUser({ ...login, tokens }, me)
  if (!isOf(profile.id, login.claims))
    throw new Error('Microsoft Graph told of somebody else than the id_token')
  return Object.fromEntries(fields.map((field) => [field, member(profile, field) ?? null]))
}

/** Of a personal account, the id is the second half of that in its tokens. */
function isOf(id: unknown, claims: Readonly<Record<string, unknown>> | undefined): boolean {
  const [theirs, ours] = [id, claims?.oid].map((each) =>
    typeof each === 'string' && each !== ''
      ? each.toLowerCase().replaceAll('-', '').padStart(32, '0')
      : undefined,
  )
  return theirs !== undefined && theirs === ours
}

async function graphToken({ tokens, endpoints, post }: Login<unknown>, graph: string): Promise<string> {
  if (!isOwn(tokens.scopes)) return tokens.access_token
  const response = await onBehalfOf({ tokens, endpoints, post, scopes: [`${graph}/User.Read`] })
  const { status, body } = await jsonAnswer(response, endpoints.token)
  const token = member(body, 'access_token')
  if (status === 200 && typeof token === 'string') return token
  throw new Error(`Entra gave no token for Microsoft Graph: ${String(member(body, 'error') ?? status)}`)
}
