// A process of processes.test.ts: <url> <prefix> <count>. Prints "first" when it was the one to create the lease.
import { randomUUID } from 'node:crypto'
import { createClient } from 'redis'
import { redis } from './redis.ts'

const [url = '', prefix = '', count = ''] = process.argv.slice(2)
const client = createClient({ url })
client.on('error', (error) => console.error(error))
await client.connect()
const storage = redis({ client, prefix })

for (let done = 0; done < Number(count); ) {
  const stored = await storage.get('counter/1')
  if (!stored) throw new Error('no counter')
  if (await storage.put('counter/1', `${Number(stored.value) + 1}`, { ifVersion: stored.version })) {
    done++
    await storage.put(`grant/ada/${randomUUID()}`, 'value', { ifVersion: null })
  }
}
if (await storage.put('lease/ada/1', `${process.pid}`, { ifVersion: null })) console.log('first')
await client.close()
