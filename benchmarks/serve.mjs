// Runs one server in a process of its own, and tells the driver where it listens and how much processor time it took.
const options = JSON.parse(process.argv[2])
const { start } = await import(`./servers/${options.module}.mjs`)
const { stop, ...listening } = await start(options)

process.on('message', () => process.send(process.cpuUsage()))
process.on('disconnect', async () => {
  await stop?.()
  process.exit()
})
process.send({ port: options.port, ...listening })
