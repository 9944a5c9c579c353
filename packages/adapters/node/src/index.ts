/** Drawbridge for `node:http`. */
export {
  type DrawbridgeOptions,
  drawbridge,
  type Guard,
  type GuardedRequest,
  type Handler,
  type Next,
  protect,
} from './adapter.ts'
export { type Listening, type ListenOptions, listen } from './server/listen.ts'
