/**
 * Dotless schemes that MCP clients on the desktop register for themselves. RFC 8252 7.1 asks for a scheme with a
 * dot; these are known not to have one. Others come in by the option `redirectUris.schemes`.
 */
export const knownPrivateUseSchemes: readonly string[] = [
  'antigravity',
  'claude',
  'code-oss',
  'cursor',
  'goose',
  'kiro',
  'mcpjam',
  'positron',
  'raycast',
  'trae',
  'vscode',
  'vscode-insiders',
  'vscodium',
  'warp',
  'windsurf',
  'windsurf-next',
  'zed',
]

/** Schemes that run, read or embed something instead of handing a code to an app. No option lets them in. */
export const forbiddenSchemes: readonly string[] = [
  'about',
  'blob',
  'chrome',
  'content',
  'data',
  'file',
  'filesystem',
  'ftp',
  'intent',
  'jar',
  'javascript',
  'livescript',
  'mailto',
  'ms-msdt',
  'resource',
  'search-ms',
  'vbscript',
  'view-source',
  'ws',
  'wss',
]
