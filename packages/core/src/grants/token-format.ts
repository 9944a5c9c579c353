import { type GrantRef, isGrantRef } from '../records/grant.ts'

/**
 * Codes and refresh tokens carry the grant they belong to, so that one read finds it, and a prefix that secret
 * scanners can recognise.
 */
const codeSyntax = /^dbc_([A-Za-z0-9_-]+\.[A-Za-z0-9_-]+)\.([A-Za-z0-9_-]{43})$/
const refreshSyntax = /^dbr_([A-Za-z0-9_-]+\.[A-Za-z0-9_-]+)\.(\d{1,9})\.([A-Za-z0-9_-]{43})$/
const maximumLength = 256

export function formatCode(grant: GrantRef, secret: string): string {
  return `dbc_${grant}.${secret}`
}

export function parseCode(code: string): { grant: GrantRef; secret: string } | undefined {
  const [, grant, secret] = (code.length <= maximumLength && codeSyntax.exec(code)) || []
  return grant !== undefined && secret !== undefined && isGrantRef(grant) ? { grant, secret } : undefined
}

export function formatRefreshToken(grant: GrantRef, generation: number, secret: string): string {
  return `dbr_${grant}.${generation}.${secret}`
}

export function parseRefreshToken(
  token: string,
): { grant: GrantRef; generation: number; secret: string } | undefined {
  const [, grant, generation, secret] = (token.length <= maximumLength && refreshSyntax.exec(token)) || []
  return grant !== undefined && secret !== undefined && isGrantRef(grant)
    ? { grant, generation: Number(generation), secret }
    : undefined
}
