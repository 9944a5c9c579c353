/**
 * MCP clients that people use, and where they want to be answered. Data and nothing else: no product is treated in a way
 * of its own, and no other file of core names one. It grows old, so that everything here can be chosen otherwise by
 * `redirectUris`.
 */

/** An MCP client that is a product, as it was seen to register. */
export interface Product {
  name: string
  /** Private-use schemes without a dot, which RFC 8252 7.1 does not foresee. Empty: it has none. */
  schemes: readonly string[]
  /** What it redirects to, as far as it is known, in the patterns of `redirectUris.allow`. */
  redirectUris: readonly string[]
}

/** The day on which these products were last looked up. */
export const productsLookedUp = '2026-11-21'

/** Products and their redirects, by name. */
export const products: readonly Product[] = [
  { name: 'Antigravity', schemes: ['antigravity'], redirectUris: ['antigravity://*'] },
  {
    name: 'ChatGPT',
    schemes: [],
    redirectUris: [
      'https://chatgpt.com/connector/oauth/*',
      'https://chatgpt.com/connector_platform_oauth_redirect',
    ],
  },
  {
    name: 'Claude',
    schemes: ['claude'],
    redirectUris: [
      'https://claude.ai/api/mcp/auth_callback',
      'https://claude.com/api/mcp/auth_callback',
      'claude://*',
    ],
  },
  { name: 'Claude Code', schemes: [], redirectUris: ['http://localhost:*/callback'] },
  { name: 'Code - OSS', schemes: ['code-oss'], redirectUris: ['code-oss://*'] },
  { name: 'Codex', schemes: [], redirectUris: ['http://127.0.0.1:*/*', 'http://localhost:*/*'] },
  {
    name: 'Cursor',
    schemes: ['cursor'],
    redirectUris: [
      'cursor://anysphere.cursor-mcp/oauth/callback',
      'https://www.cursor.com/agents/mcp/oauth/callback',
      'http://localhost:8787/callback',
    ],
  },
  { name: 'Gemini CLI', schemes: [], redirectUris: ['http://localhost:7777/oauth/callback'] },
  {
    name: 'Goose',
    schemes: ['goose'],
    redirectUris: ['http://127.0.0.1:*/*', 'http://localhost:*/*', 'goose://*'],
  },
  { name: 'Kiro', schemes: ['kiro'], redirectUris: ['kiro://*'] },
  {
    name: 'MCP Inspector',
    schemes: [],
    redirectUris: ['http://localhost:6274/oauth/callback', 'http://localhost:6274/oauth/callback/debug'],
  },
  { name: 'mcp-remote', schemes: [], redirectUris: ['http://127.0.0.1:*/*', 'http://localhost:*/*'] },
  { name: 'MCPJam', schemes: ['mcpjam'], redirectUris: ['mcpjam://*'] },
  { name: 'Positron', schemes: ['positron'], redirectUris: ['positron://*'] },
  {
    name: 'Raycast',
    schemes: ['raycast'],
    redirectUris: [
      'raycast://oauth?package_name=*',
      'https://raycast.com/redirect?packageName=*',
      'com.raycast:/oauth?package_name=*',
    ],
  },
  { name: 'Trae', schemes: ['trae'], redirectUris: ['trae://*'] },
  {
    name: 'VS Code',
    schemes: ['vscode', 'vscode-insiders'],
    redirectUris: [
      'http://127.0.0.1:33418/',
      'http://127.0.0.1/',
      'https://vscode.dev/redirect',
      'https://insiders.vscode.dev/redirect',
      'vscode://*',
      'vscode-insiders://*',
    ],
  },
  { name: 'VSCodium', schemes: ['vscodium'], redirectUris: ['vscodium://*'] },
  { name: 'Warp', schemes: ['warp'], redirectUris: ['warp://mcp/oauth2callback'] },
  {
    name: 'Windsurf',
    schemes: ['windsurf', 'windsurf-next'],
    redirectUris: ['http://127.0.0.1:*/*', 'http://localhost:*/*', 'windsurf://*', 'windsurf-next://*'],
  },
  { name: 'Zed', schemes: ['zed'], redirectUris: ['zed://*'] },
]

/**
 * The schemes of all products: the default of `redirectUris.schemes`.
 *
 * @example
 * redirectUris: { schemes: [...productSchemes, 'acme'] }
 */
export const productSchemes: readonly string[] = products.flatMap(({ schemes }) => schemes)
