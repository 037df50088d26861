// node mqtt_echo.cjs URL VERSION: subscribes to in/+ with QoS 2, tells each message on stdout, and sends it back to out
// with the same QoS and user properties. Ends when a message says "end".
const mqtt = require('mqtt')
const [url, version] = process.argv.slice(2)
const client = mqtt.connect(url, {
  protocolVersion: Number(version),
  clientId: 'npm-mqtt-' + version,
  will: { topic: 'will', payload: 'npm is gone', qos: 1, retain: false },
  properties: version === '5' ? { topicAliasMaximum: 10, receiveMaximum: 5 } : undefined,
  autoAssignTopicAlias: version === '5',
})
client.on('error', (err) => { console.error(err); process.exit(1) })
client.on('connect', () => client.subscribe('in/+', { qos: 2 }))
client.on('packetreceive', (p) => { if (p.cmd === 'suback') console.log('ready', p.granted[0]) })
client.on('message', (topic, payload, packet) => {
  console.log(topic, payload.toString(), packet.qos, packet.retain)
  const user = packet.properties?.userProperties
  const options = { qos: packet.qos, properties: user && { userProperties: user } }
  client.publish('out', payload, options, (err) => {
    if (err) throw err
    if (payload.toString() === 'end') client.stream.destroy() || process.exit(0)
  })
})
