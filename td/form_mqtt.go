package td

// MQTTForm is a form in the terms of the W3C MQTT binding: packet "publish" or "subscribe" on a topic or filter, at QoS 1,
// JSON, for the operations ops. Its href names no host: who hears the description knows the broker it came from.
func MQTTForm(topic, packet string, ops ...string) *Form {
	term := "mqv:topic"
	if packet == "subscribe" {
		term = "mqv:filter"
	}
	return &Form{
		Href: "mqtt://broker/" + topic, ContentType: "application/json", Op: ops,
		Extra: []Member{Text("mqv:controlPacket", packet), Text(term, topic), Text("mqv:qos", "1")},
	}
}
