import type { Product } from './product.ts'

const grants = ['authorization_code', 'refresh_token']
const everyMethod = ['none', 'client_secret_post', 'client_secret_basic'] as const

/** A program on the person's computer that waits at one loopback address. */
function desktop(client_name: string, redirect: string, more: Readonly<Record<string, unknown>> = {}) {
  return {
    metadata: {
      client_name,
      redirect_uris: [redirect],
      grant_types: grants,
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
      ...more,
    },
    waitsAt: [redirect],
  }
}

const asStatic = (methods: readonly (typeof everyMethod)[number][], ...waitsAt: string[]) => ({
  methods,
  redirect_uris: waitsAt.map((uri) => uri.replace(':{port}', '')),
  waitsAt,
})

const cursor = [
  'cursor://anysphere.cursor-mcp/oauth/callback',
  'https://www.cursor.com/agents/mcp/oauth/callback',
  'http://localhost:8787/callback',
]
const vsCode = ['http://127.0.0.1:33418/', 'http://127.0.0.1:{port}/', 'https://vscode.dev/redirect']
const inspector = ['http://localhost:6274/oauth/callback', 'http://localhost:6274/oauth/callback/debug']

/**
 * What MCP clients send, as observed and as published in the month each entry names. A new product, or a change in one,
 * is a change of this table and of nothing else.
 */
export const products: readonly Product[] = [
  {
    name: 'claude.ai', // Desktop, mobile and Cowork as well: the same servers connect for all of them.
    observed: '2026-10',
    ways: {
      registration: {
        metadata: {
          client_name: 'Claude',
          redirect_uris: [
            'https://claude.ai/api/mcp/auth_callback',
            'https://claude.com/api/mcp/auth_callback',
          ],
          grant_types: grants,
          response_types: ['code'],
          token_endpoint_auth_method: 'client_secret_post',
        },
        waitsAt: ['https://claude.ai/api/mcp/auth_callback', 'https://claude.com/api/mcp/auth_callback'],
      },
      document: {
        url: 'https://claude.ai/oauth/mcp-oauth-client-metadata',
        metadata: {
          client_name: 'Claude',
          client_uri: 'https://claude.ai',
          redirect_uris: ['https://claude.ai/api/mcp/auth_callback'],
          grant_types: [...grants, 'urn:ietf:params:oauth:grant-type:jwt-bearer'],
          response_types: ['code'],
          token_endpoint_auth_method: 'none',
        },
        cacheControl: 'public, max-age=300',
        onlyWith: 'none',
        waitsAt: ['https://claude.ai/api/mcp/auth_callback'],
      },
      static: asStatic(['none', 'client_secret_post'], 'https://claude.ai/api/mcp/auth_callback'),
    },
    habits: { probes: ['POST', 'GET'], registersAgain: true, parallelRefreshes: 4 },
  },
  {
    name: 'Claude Code',
    observed: '2026-10',
    ways: {
      registration: desktop('Claude Code', 'http://localhost:{port}/callback'),
      document: {
        url: 'https://claude.ai/oauth/claude-code-client-metadata',
        metadata: {
          client_name: 'Claude Code',
          client_uri: 'https://claude.ai',
          redirect_uris: ['http://localhost/callback', 'http://127.0.0.1/callback'],
          grant_types: grants,
          response_types: ['code'],
          token_endpoint_auth_method: 'none',
        },
        cacheControl: 'public, max-age=300',
        waitsAt: ['http://localhost:{port}/callback', 'http://127.0.0.1:{port}/callback'],
      },
      static: asStatic(['none', 'client_secret_post'], 'http://localhost:{port}/callback'),
    },
    habits: { refusesNulls: true, sendsNoScope: true, keepsForgottenClient: true },
  },
  {
    name: 'ChatGPT',
    observed: '2026-10',
    ways: {
      registration: desktop('ChatGPT', 'https://chatgpt.com/connector/oauth/vRk3hWcPq0Ta'),
      document: {
        url: 'https://chatgpt.com/oauth/client.json',
        metadata: {
          client_name: 'ChatGPT',
          client_uri: 'https://chatgpt.com',
          redirect_uris: ['https://chatgpt.com/connector_platform_oauth_redirect'],
          grant_types: grants,
          response_types: ['code'],
          token_endpoint_auth_method: 'private_key_jwt',
          token_endpoint_auth_methods_supported: ['none', 'private_key_jwt'],
          token_endpoint_auth_signing_alg: 'RS256',
          jwks_uri: 'https://chatgpt.com/oauth/jwks.json',
        },
        cacheControl: 'public, max-age=300',
        waitsAt: ['https://chatgpt.com/connector_platform_oauth_redirect'],
      },
      static: asStatic(everyMethod, 'https://chatgpt.com/connector/oauth/vRk3hWcPq0Ta'),
    },
  },
  {
    name: 'Codex',
    observed: '2026-10',
    ways: {
      registration: desktop('Codex', 'http://127.0.0.1:{port}/callback'),
      document: {
        url: 'https://chatgpt.com/oauth/codex/client.json',
        metadata: {
          client_name: 'Codex',
          redirect_uris: ['http://127.0.0.1/callback', 'http://localhost/callback'],
          grant_types: grants,
          response_types: ['code'],
          token_endpoint_auth_method: 'none',
        },
        cacheControl: 'public, max-age=300',
        waitsAt: ['http://127.0.0.1:{port}/callback'],
      },
      static: asStatic(['none'], 'http://127.0.0.1:{port}/callback'),
    },
    habits: { enforcesIss: true, parallelRefreshes: 2, lateRefresh: 300 },
  },
  {
    name: 'Cursor',
    observed: '2026-10',
    ways: {
      registration: {
        metadata: { ...desktop('Cursor', '').metadata, redirect_uris: cursor },
        waitsAt: cursor,
      },
      static: asStatic(['none', 'client_secret_post'], ...cursor),
    },
  },
  {
    name: 'VS Code',
    observed: '2026-10',
    ways: {
      registration: {
        metadata: {
          ...desktop('Visual Studio Code', '').metadata,
          client_uri: 'https://code.visualstudio.com',
          redirect_uris: [
            'http://127.0.0.1:33418/',
            'http://127.0.0.1/',
            'https://vscode.dev/redirect',
            'https://insiders.vscode.dev/redirect',
          ],
          grant_types: [...grants, 'urn:ietf:params:oauth:grant-type:device_code'],
          application_type: 'native',
        },
        waitsAt: [...vsCode, 'https://insiders.vscode.dev/redirect'],
      },
      document: {
        url: 'https://vscode.dev/oauth/client-metadata.json',
        metadata: {
          ...desktop('Visual Studio Code', '').metadata,
          client_uri: 'https://vscode.dev/product',
          redirect_uris: ['http://127.0.0.1:33418/', 'https://vscode.dev/redirect'],
          grant_types: [...grants, 'urn:ietf:params:oauth:grant-type:device_code'],
          application_type: 'native',
        },
        cacheControl: 'no-store, no-cache, max-age=0',
        waitsAt: vsCode,
      },
      static: asStatic(['none', 'client_secret_post'], ...vsCode),
    },
  },
  {
    name: 'Gemini CLI',
    observed: '2026-10',
    ways: {
      registration: desktop('Gemini CLI MCP Client', 'http://localhost:7777/oauth/callback'),
      static: asStatic(['none', 'client_secret_post'], 'http://localhost:7777/oauth/callback'),
    },
    habits: { enforcesIss: true },
  },
  {
    name: 'Inspector',
    observed: '2026-11',
    ways: {
      registration: {
        metadata: {
          ...desktop('MCP Inspector', '').metadata,
          client_uri: 'https://github.com/modelcontextprotocol/inspector',
          redirect_uris: inspector,
        },
        waitsAt: inspector,
      },
      static: asStatic(everyMethod, ...inspector),
    },
    habits: { pageOf: 'http://localhost:6274' },
  },
  {
    name: 'mcp-remote',
    observed: '2026-11',
    ways: {
      registration: desktop('MCP CLI Proxy', 'http://localhost:{port}/oauth/callback', {
        client_uri: 'https://github.com/geelen/mcp-remote',
        software_id: '2e6dc280-f3c3-4e01-99a7-8181dbd1d23d',
        software_version: '0.15.0',
      }),
      static: asStatic(everyMethod, 'http://localhost:{port}/oauth/callback'),
    },
    habits: { parallelFlows: 3 },
  },
  {
    name: 'Goose',
    observed: '2026-10',
    ways: { registration: desktop('goose', 'http://localhost:{port}/oauth_callback') },
    habits: { parallelFlows: 2 },
  },
  {
    name: 'Windsurf',
    observed: '2026-10',
    ways: { registration: desktop('Windsurf', 'http://127.0.0.1:{port}/callback') },
    habits: { parallelFlows: 2 },
  },
  {
    name: 'some client that names two content types', // Seen at token endpoints, and never traced to one product.
    observed: '2026-10',
    ways: { registration: desktop('Unnamed', 'http://127.0.0.1:{port}/callback') },
    habits: { formType: 'application/json, application/x-www-form-urlencoded' },
  },
]
