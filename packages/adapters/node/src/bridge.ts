/** The bridge between Node's requests and those of the Fetch standard, for adapters of frameworks that stand on Node. */
export { fault } from './bridge/fault.ts'
export { goingOn } from './bridge/going-on.ts'
export type { Arrival, NodeRequest, RequestHead } from './bridge/request.ts'
export { requestHead, toRequest } from './bridge/request.ts'
export type { NodeResponse } from './bridge/response.ts'
export { send } from './bridge/response.ts'
