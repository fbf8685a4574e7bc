// A client program on jspurefix, an engine that shares nothing with QuickFIX. first: sends an order, changes it,
// cancels it, is refused once, leaves one open and logs out. again: logs on with its numbers, asks for what it
// missed, sends one order. Prints a line of JSON for each message of the gateway's.
// usage: node client.cjs PORT ACCOUNT SYMBOL PRICE DICTIONARY STORE first|again, jspurefix from PACKAGES
const { createRequire } = require('node:module')
const need = createRequire(process.env.PACKAGES + '/package.json')
need('reflect-metadata')
const fix = need('jspurefix')
const { SessionLauncher } = need('jspurefix/dist/runtime')

const [port, account, symbol, price, dictionary, store, part] = process.argv.slice(2)
const quiet = new fix.JsFixWinstonLogFactory(fix.WinstonLogger.consoleOptions('error'))
const say = (what) => process.stdout.write(JSON.stringify(what) + '\n')

class Client extends fix.AsciiSession {
  constructor (config) {
    super(config)
    this.logger = config.logFactory.logger('client')
    this.fixLog = config.logFactory.plain('jsfix.client.txt')
    this.step = 0
  }

  order (type, id, more) {
    this.send(type, {
      ClOrdID: id, Account: account, Symbol: symbol, Side: '1', TransactTime: new Date(), OrderQty: 2000, ...more
    })
  }

  onReady () {
    say({ event: 'ready' })
    this.order('D', part === 'again' ? 'js-5' : 'js-1', { OrdType: '2', Price: Number(price) })
  }

  onApplicationMsg (type, view) {
    const o = view.toObject()
    say({ type, id: o.ClOrdID, exec: o.ExecType, status: o.OrdStatus, leaves: o.LeavesQty, text: o.Text,
      duplicate: o.StandardHeader?.PossDupFlag ?? false })
    if (type !== '8') return
    const known = { OrdType: '2', Price: Number(price) }
    if (part === 'again') {
      if (o.ClOrdID === 'js-5') this.done()
    } else if (o.ClOrdID === 'js-1' && o.ExecType === '0') {
      this.order('G', 'js-2', { OrigClOrdID: 'js-1', ...known, OrderQty: 1000 })
    } else if (o.ClOrdID === 'js-2' && o.ExecType === '5') {
      this.order('F', 'js-3', { OrigClOrdID: 'js-2', OrderQty: 1000 })
    } else if (o.ClOrdID === 'js-3' && o.ExecType === '4') {
      this.order('D', 'js-1', known)
    } else if (o.ExecType === '8') {
      this.order('D', 'js-4', known)
    } else if (o.ClOrdID === 'js-4' && o.ExecType === '0') {
      this.done() // and leaves it open
    }
  }

  onStopped (error) { say({ event: 'stopped', error: error ? String(error) : null }) }
  onLogon () { return true }
  onDecoded () {}
  onEncoded () {}
}

class Launcher extends SessionLauncher {
  constructor () {
    super({
      application: { type: 'initiator', name: 'client', reconnectSeconds: 2, protocol: 'ascii', dictionary,
        tcp: { host: '127.0.0.1', port: Number(port) } },
      store: { type: 'file', directory: store },
      Username: 'client24', Password: 'demo-client24', EncryptMethod: 0, ResetSeqNumFlag: false, HeartBtInt: 5,
      SenderCompId: 'CLIENT24', TargetCompID: 'FAIRLEAD', BeginString: 'FIX.4.4'
    }, null, quiet)
  }
  makeFactory (config) { return { makeSession: () => new Client(config) } }
}
// Its store writes behind: a second for that.
const end = (code) => setTimeout(() => process.exit(code), 1000)
new Launcher().run().then(() => end(0), (error) => { say({ event: 'failed', error: String(error) }); end(1) })
