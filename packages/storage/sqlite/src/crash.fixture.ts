import { sqlite } from './index.ts'

// A process that is killed right after its writes were answered, with nothing closed.
const storage = sqlite({ path: process.argv[2] })
const first = await storage.put('grant/a/1', 'first', { ifVersion: null })
await storage.put('grant/a/2', 'second', { ifVersion: null })
await storage.delete('grant/a/1', { ifVersion: first ?? '' })
process.kill(process.pid, 'SIGKILL')
