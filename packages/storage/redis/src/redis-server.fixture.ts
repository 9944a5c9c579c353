import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from 'redis'

const sharedUrl = process.env.REDIS_URL ?? 'redis://127.0.0.1:6379'

/** A Redis to test with: one that runs already, where tests keep to keys of their own, or else one of our own. */
export async function openRedis(): Promise<{ url: string; stop(): Promise<void> }> {
  return (await answersAt(sharedUrl)) ? { url: sharedUrl, stop: async () => {} } : startServer()
}

/** Whether to skip what needs a Redis; never in CI, where its absence must fail. */
export async function skipWithoutRedis(what: string): Promise<boolean> {
  return (await answersAt(sharedUrl)) ? false : skipWithoutRedisServer(what)
}

/** Whether to skip what needs `redis-server`, for servers of its own; never in CI. */
export function skipWithoutRedisServer(what: string): boolean {
  if (process.env.CI || spawnSync('redis-server', ['--version']).status === 0) return false
  console.warn(`\n  SKIPPED, not tested: ${what}. Install redis-server to run it.\n`)
  return true
}

export interface RedisServer {
  port: number
  url: string
  /** Ends it without a chance to say goodbye, and starts it again with the same data and port. */
  crash(): Promise<void>
  stop(): Promise<void>
}

/** A server of our own on a free port, in a folder that goes away with it. Keeps nothing on disk unless told to. */
export async function startServer(args: readonly string[] = []): Promise<RedisServer> {
  const folder = mkdtempSync(join(tmpdir(), 'drawbridge-redis-'))
  const port = await freePort()
  const all = ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', folder, '--save', '', ...args]
  let child = await launch(all, port)
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    async crash() {
      await end(child)
      child = await launch(all, port)
    },
    async stop() {
      await end(child)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Three masters, each with a third of the slots. */
export async function startCluster(): Promise<{ servers: RedisServer[]; stop(): Promise<void> }> {
  const servers = await Promise.all(
    [1, 2, 3].map(async () =>
      startServer(['--cluster-enabled', 'yes', '--cluster-port', `${await freePort()}`]),
    ),
  )
  const stop = async () => {
    await Promise.all(servers.map((server) => server.stop()))
  }
  const addresses = servers.map(({ port }) => `127.0.0.1:${port}`)
  const creation = spawn('redis-cli', ['--cluster', 'create', ...addresses, '--cluster-yes'], {
    timeout: 30_000,
  })
  let output = ''
  creation.stdout.on('data', (data) => {
    output += data
  })
  const [status] = await once(creation, 'exit')
  if (status !== 0) {
    await stop()
    throw new Error(`redis-cli --cluster create: ${output}`)
  }
  for (const { port } of servers) await until(() => says(port, 'CLUSTER INFO', 'cluster_state:ok'))
  return { servers, stop }
}

/** A Sentinel that watches the master behind this port, under the name `main`. */
export async function startSentinel(masterPort: number): Promise<{ port: number; stop(): Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'drawbridge-sentinel-'))
  const port = await freePort()
  const configuration = join(folder, 'sentinel.conf')
  writeFileSync(
    configuration,
    `port ${port}\nbind 127.0.0.1\ndir ${folder}\nsentinel monitor main 127.0.0.1 ${masterPort} 1\n`,
  )
  const child = await launch([configuration, '--sentinel'], port)
  return {
    port,
    async stop() {
      await end(child)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function launch(args: readonly string[], port: number): Promise<ChildProcess> {
  const child = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  child.stdout.on('data', (data) => {
    output += data
  })
  let failure: Error | undefined
  child.once('error', (error) => {
    failure = error
  })
  process.once('exit', () => child.kill('SIGKILL'))
  await until(async () => {
    if (child.exitCode !== null) failure ??= new Error(`redis-server: ${output}`)
    if (failure) throw failure
    return says(port, 'PING', '+PONG')
  })
  return child
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  await exited
}

/** Polls for up to ten seconds. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + 10_000
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`still not so after ten seconds: ${condition}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** Whether the server at this port answers a command with something that contains `answer`. */
function says(port: number, command: string, answer: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(`${command}\r\n`))
    socket.setTimeout(1000, () => socket.destroy())
    socket.once('data', (data) => {
      resolve(data.includes(answer))
      socket.destroy()
    })
    socket.on('error', () => {})
    socket.once('close', () => resolve(false))
  })
}

async function answersAt(url: string): Promise<boolean> {
  const client = createClient({ url, socket: { reconnectStrategy: false, connectTimeout: 1000 } })
  client.on('error', () => {})
  try {
    await client.connect()
    return (await client.ping()) === 'PONG'
  } catch {
    return false
  } finally {
    if (client.isOpen) client.destroy()
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (typeof address !== 'object' || address === null) throw new Error('no port')
  return address.port
}
