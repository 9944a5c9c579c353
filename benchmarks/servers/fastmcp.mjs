import { FastMCP, OAuthProvider } from 'fastmcp'

/** As its documentation sets up a provider of one's own; storage and keys are its defaults. */
export async function start({ port, upstream }) {
  const baseUrl = `http://127.0.0.1:${port}`
  const server = new FastMCP({
    name: 'bench',
    version: '1.0.0',
    auth: new OAuthProvider({
      baseUrl,
      clientId: 'bench',
      clientSecret: 'bench-secret',
      authorizationEndpoint: `${upstream}/authorize`,
      tokenEndpoint: `${upstream}/token`,
      scopes: ['read'],
      allowedRedirectUriPatterns: ['http://127.0.0.1:*'],
    }),
  })
  await server.start({
    transportType: 'httpStream',
    httpStream: { port, host: '127.0.0.1', stateless: true },
  })
  return { mcpPath: '/mcp', resource: `${baseUrl}/mcp`, scope: 'read' }
}
