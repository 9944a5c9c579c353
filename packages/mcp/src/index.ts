export type {
  EndpointOptions,
  Mcp,
  McpOptions,
  OpenOptions,
  Predicate,
  PublicLimits,
  PublicOptions,
  Requirement,
  RequireOptions,
  ResourceArguments,
  ScopesAndRoles,
  ServerContext,
  ServerV1,
  SessionOptions,
} from './v1.ts'
export { getAuth, getRequest, getUpstreamToken, mcp, requireAuth, upstreamFetch } from './v1.ts'
