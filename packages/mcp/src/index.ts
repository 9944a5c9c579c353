export type { Mcp, McpOptions, RequireOptions, ServerContext, ServerV1, SessionOptions } from './v1.ts'
export { getAuth, getRequest, getUpstreamToken, mcp, upstreamFetch } from './v1.ts'
