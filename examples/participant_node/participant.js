// A participant in one file: it keeps loyalty points, and uses nothing of Sagaline but its published protocol.
//
// usage: node participant.js, with KAFKA_BOOTSTRAP_SERVERS, SCHEMA_REGISTRY_URL (a gateway's address) and LOYALTY_JOURNAL
// (the path of a file). It needs the packages named in package.json.
'use strict'

const fs = require('fs')
const { CompressionCodecs, CompressionTypes, Kafka, Partitioners, logLevel } = require('kafkajs')
const lz4 = require('lz4js')
const { SchemaRegistry } = require('@kafkajs/confluent-schema-registry')

const NAME = 'loyalty'
const COMMANDS = 'loyalty.commands'
const REPLIES = 'saga.replies'
const DEAD_LETTERS = 'saga.dead-letters'

// The installation's own producers compress with LZ4, which KafkaJS leaves to others.
CompressionCodecs[CompressionTypes.LZ4] = () => ({
  compress: async ({ buffer }) => Buffer.from(lz4.compress(buffer)),
  decompress: async (buffer) => Buffer.from(lz4.decompress(buffer)),
})

const done = (data) => ({ name: 'saga.GenericReply', fields: { data: JSON.stringify(data) } })
// A definite refusal: there is no effect, and none will come of a retry.
const rejected = (code, message) => ({
  name: 'saga.CommandFailed',
  fields: { kind: 'REJECTED', code, message, causes: [], retry_after_ms: null },
})

// The points, and what was done for which command. One line of the journal holds all that a command changed and its
// answer: it is on disk before anybody is told, and a line that was cut off by a crash never happened.
class Loyalty {
  constructor(path) {
    this.replies = new Map()
    this.effects = new Map()
    this.balances = new Map()
    let whole = 0
    if (fs.existsSync(path)) {
      const text = fs.readFileSync(path)
      whole = text.lastIndexOf('\n') + 1
      for (const line of text.subarray(0, whole).toString().split('\n')) if (line) this.apply(JSON.parse(line))
    }
    this.file = fs.openSync(path, 'a')
    fs.ftruncateSync(this.file, whole)
  }

  apply({ commandId, reply, effects, customer, points }) {
    this.replies.set(commandId, reply)
    for (const [token, effect] of Object.entries(effects)) this.effects.set(token, effect)
    if (customer) this.balances.set(customer, (this.balances.get(customer) ?? 0) + points)
  }

  // Returns the reply to a command: for the same command always the same one.
  handle({ meta, type, data }) {
    const known = this.replies.get(meta.command_id)
    if (known) return known
    const change = this.decide(meta, type, JSON.parse(data))
    const { saga_id, command_id, token, step, attempt } = meta
    const about = { saga_id, command_id, token, step, attempt, participant: NAME, completed_at: Date.now() }
    const reply = { name: change.answer.name, fields: { meta: about, ...change.answer.fields } }
    const entry = { effects: {}, ...change, answer: undefined, commandId: command_id, reply }
    fs.writeSync(this.file, JSON.stringify(entry) + '\n')
    fs.fsyncSync(this.file)
    this.apply(entry)
    return reply
  }

  // Returns what a command changes and its answer; where its token is known, that was decided before.
  decide({ token, undoes }, type, data) {
    const effect = this.effects.get(token)
    if (effect && effect.state !== 'done') {
      return { answer: rejected('superseded_by_undo', 'the effect was undone before this command came') }
    }
    if (effect) return { answer: effect.answer }
    const keep = (answer, more = {}) => ({ answer, effects: { [token]: { state: 'done', answer, ...more } } })
    switch (type) {
      case 'loyalty.AwardPoints': {
        const { customer, points } = data
        const balance = (this.balances.get(customer) ?? 0) + points
        return { ...keep(done({ balance }), { customer, points }), customer, points }
      }
      case 'loyalty.TakeBackPoints':
        return this.takeBack(undoes, keep)
      case 'loyalty.PrintCard':
        if (data.printer === 'jammed') return keep(rejected('printer_jammed', 'no card can be printed'))
        return keep(done({ card: `card of ${data.customer}` }))
      default:
        return { answer: rejected('invalid_command', `${NAME} takes no ${type}`) }
    }
  }

  // An award that has not come yet is barred: its late command will be refused.
  takeBack(undone, keep) {
    const award = this.effects.get(undone)
    if (!award) {
      const kept = keep(done({ taken_back: 0 }))
      return { ...kept, effects: { ...kept.effects, [undone]: { state: 'barred' } } }
    }
    const kept = keep(done({ taken_back: award.points }))
    const effects = { ...kept.effects, [undone]: { ...award, state: 'undone' } }
    return { ...kept, effects, customer: award.customer, points: -award.points }
  }
}

// CloudEvents, what caused the reply, and the trace that the command belongs to.
function headersOf(command, { name, fields: { meta } }) {
  const trace = command.headers?.traceparent
  return {
    ce_specversion: '1.0',
    ce_id: `${meta.command_id}:reply`,
    ce_type: `sagaline.${name}`,
    ce_source: `/${NAME}`,
    ce_time: new Date().toISOString(),
    ce_subject: meta.saga_id,
    causationid: meta.command_id,
    ...(trace && { traceparent: trace }),
  }
}

async function main() {
  const brokers = process.env.KAFKA_BOOTSTRAP_SERVERS.split(',')
  const kafka = new Kafka({ clientId: NAME, brokers, logLevel: logLevel.ERROR })
  const registry = new SchemaRegistry({ host: process.env.SCHEMA_REGISTRY_URL })
  const loyalty = new Loyalty(process.env.LOYALTY_JOURNAL)
  const ids = new Map()
  const encode = async ({ name, fields }) => {
    if (!ids.has(name)) ids.set(name, await registry.getLatestSchemaId(`sagaline.${name}`))
    return registry.encode(ids.get(name), fields)
  }

  const admin = kafka.admin()
  await admin.connect()
  if (!(await admin.listTopics()).includes(COMMANDS)) {
    // Sagas and their commands have the same partitions.
    await admin.createTopics({ topics: [{ topic: COMMANDS, numPartitions: 4 }] })
  }
  await admin.disconnect()

  // The default partitioner is murmur2, as that of every client of the installation: a saga's replies have to be in its
  // partition.
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner })
  const consumer = kafka.consumer({ groupId: process.env.LOYALTY_GROUP || NAME, sessionTimeout: 6000, heartbeatInterval: 1000, maxWaitTimeInMs: 50 })
  // A process that cannot go on ends, and whoever watches over it starts a new one.
  consumer.on(consumer.events.CRASH, ({ payload }) => payload.restart || process.exit(1))
  await producer.connect()
  await consumer.connect()
  await consumer.subscribe({ topics: [COMMANDS], fromBeginning: true })
  process.once('SIGTERM', async () => {
    await consumer.disconnect()
    await producer.disconnect()
    process.exit(0)
  })
  // The offset is committed after the answer is with Kafka: what is not answered when the process dies comes again.
  await consumer.run({
    eachMessage: async ({ message }) => {
      const { key, value } = message
      let command
      try {
        command = await registry.decode(value)
        JSON.parse(command.data)
      } catch (error) {
        const headers = { error_code: 'undecodable', error_detail: String(error) }
        await producer.send({ topic: DEAD_LETTERS, acks: -1, messages: [{ key, value, headers }] })
        return
      }
      const reply = loyalty.handle(command)
      const answer = { key, value: await encode(reply), headers: headersOf(message, reply) }
      await producer.send({ topic: REPLIES, acks: -1, messages: [answer] })
    },
  })
}

main().catch((error) => {
  console.error(error)
  process.exit(1)
})
