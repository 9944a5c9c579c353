import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A Redis of a test's own, on this machine's loopback interface. */
export interface RedisServer {
  readonly port: number
  readonly url: string
  /** Ends it without a chance to say goodbye, and starts it again with the same data at the same port. */
  crash(): Promise<void>
  /** Ends it, and removes what it kept. */
  stop(): Promise<void>
}

/** Whether `redis-server`, which the functions of this file start, is installed. */
export function hasRedisServer(): boolean {
  return spawnSync('redis-server', ['--version']).status === 0
}

/**
 * Starts a Redis on a free port, in a folder that goes away with it. It keeps nothing on disk unless told to.
 *
 * @param args Options of `redis-server`: `['--appendonly', 'yes', '--appendfsync', 'always']`.
 * @throws Error when `redis-server` is not installed or does not start
 * @example
 * ```ts
 * const server = await startRedis()
 * const client = await createClient({ url: server.url }).connect()
 * ```
 */
export async function startRedis(args: readonly string[] = []): Promise<RedisServer> {
  const folder = mkdtempSync(join(tmpdir(), 'drawbridge-redis-'))
  const port = await freePort()
  const all = ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', folder, '--save', '', ...args]
  const discard = () => rmSync(folder, { recursive: true, force: true })
  let child = await launch(all, port).catch((error) => {
    discard()
    throw error
  })
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    async crash() {
      await end(child)
      child = await launch(all, port)
    },
    async stop() {
      await end(child)
      discard()
    },
  }
}

/**
 * Starts a cluster of three masters, each with a third of the slots.
 *
 * @throws Error when `redis-server` or `redis-cli` is not installed, or the cluster does not come about
 */
export async function startRedisCluster(): Promise<{
  servers: readonly RedisServer[]
  stop(): Promise<void>
}> {
  const servers: RedisServer[] = []
  const stop = async () => {
    await Promise.all(servers.map((server) => server.stop()))
  }
  try {
    while (servers.length < 3) {
      servers.push(await startRedis(['--cluster-enabled', 'yes', '--cluster-port', `${await freePort()}`]))
    }
    await joinCluster(servers.map(({ port }) => `127.0.0.1:${port}`))
    for (const { port } of servers) await until(() => says(port, 'CLUSTER INFO', 'cluster_state:ok'))
  } catch (error) {
    await stop()
    throw error
  }
  return { servers, stop }
}

/**
 * Starts a Sentinel that watches the master behind a port, under the name `main`.
 *
 * @throws Error when `redis-server` is not installed or does not start
 */
export async function startRedisSentinel(
  masterPort: number,
): Promise<{ readonly port: number; stop(): Promise<void> }> {
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

async function joinCluster(addresses: readonly string[]): Promise<void> {
  const creation = spawn('redis-cli', ['--cluster', 'create', ...addresses, '--cluster-yes'], {
    timeout: 30_000,
  })
  let output = ''
  creation.stdout.on('data', (data) => {
    output += data
  })
  const [status] = await once(creation, 'exit')
  if (status !== 0) throw new Error(`redis-cli --cluster create: ${output}`)
}

async function launch(args: readonly string[], port: number): Promise<ChildProcess> {
  const child = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  let failure: Error | undefined
  child.stdout.on('data', (data) => {
    output += data
  })
  child.once('error', (error) => {
    failure = error
  })
  const endWithUs = () => child.kill('SIGKILL')
  process.once('exit', endWithUs)
  child.once('exit', () => process.off('exit', endWithUs))
  await until(async () => {
    if (failure) throw failure
    if (child.exitCode !== null) throw new Error(`redis-server: ${output}`)
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
async function until(condition: () => Promise<boolean>): Promise<void> {
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

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
