// A real server for accounts (PDS) and a real directory (PLC), in memory, for this machine only.
// Prints one JSON line when it is ready, and ends when its stdin does.
const net = require('net')

const listen = net.Server.prototype.listen
net.Server.prototype.listen = function (...given) {
  // The servers listen on every interface unless they are told; nobody else is to reach them.
  const ready = given.find((one) => typeof one === 'function')
  const first = given[0]
  if (typeof first === 'number' || /^\d+$/.test(String(first))) {
    return listen.call(this, { port: Number(first), host: '127.0.0.1' }, ready)
  }
  if (first && typeof first === 'object' && first.port !== undefined) {
    return listen.call(this, { ...first, host: '127.0.0.1' }, ready)
  }
  return listen.apply(this, given)
}

const { TestNetworkNoAppView } = require('@atproto/dev-env')

const main = async () => {
  const network = await TestNetworkNoAppView.create({ pds: { enableDidDocWithSession: true } })
  console.log(JSON.stringify({ ready: true, pds: network.pds.url, plc: network.plc.url }))
  process.stdin.resume()
  process.stdin.on('end', () => process.exit(0))
}

main().catch((error) => {
  console.error(error)
  process.exit(1)
})
