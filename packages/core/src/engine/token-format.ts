import { type GrantRef, isGrantRef } from '../records/grant.ts'

/**
 * Codes and refresh tokens carry the grant they belong to, so that one read finds it, and a prefix that secret
 * scanners can recognise.
 */
const codeSyntax = /^dbc_([A-Za-z0-9_-]+\.[A-Za-z0-9_-]+)\.([A-Za-z0-9_-]{43})$/
const refreshSyntax =
  /^dbr_([A-Za-z0-9_-]+\.[A-Za-z0-9_-]+)\.(0|[1-9]\d{0,8})\.([A-Za-z0-9_-]{22})\.([A-Za-z0-9_-]{43})$/
const maximumLength = 256

export function formatCode(grant: GrantRef, secret: string): string {
  return `dbc_${grant}.${secret}`
}

export function parseCode(code: string): { grant: GrantRef; secret: string } | undefined {
  const [, grant, secret] = (code.length <= maximumLength && codeSyntax.exec(code)) || []
  return grant !== undefined && secret !== undefined && isGrantRef(grant) ? { grant, secret } : undefined
}

/** What a refresh token says: `dbr_<grant>.<generation>.<r>.<secret>`. */
export interface RefreshToken {
  grant: GrantRef
  generation: number
  /** The grant's own 16 random bytes, in every refresh token of it. */
  r: string
  secret: string
}

export function formatRefreshToken({ grant, generation, r, secret }: RefreshToken): string {
  return `dbr_${grant}.${generation}.${r}.${secret}`
}

export function parseRefreshToken(token: string): RefreshToken | undefined {
  const [, grant, generation, r, secret] = (token.length <= maximumLength && refreshSyntax.exec(token)) || []
  return grant !== undefined && r !== undefined && secret !== undefined && isGrantRef(grant)
    ? { grant, generation: Number(generation), r, secret }
    : undefined
}
