// Package tap says how a program takes part in MQTT without a socket of its own: the message, who reads it, and where
// it is published. Package mqtt shows these names to the rest of the program.
package tap

import (
	"context"

	"hutong/mqtt/wire"
)

// Message is one application message. It and its Payload are only valid during the call that hands it over; the
// strings may be kept.
type Message struct {
	Topic      string
	Payload    []byte
	QoS        byte
	Retain     bool   // on the way in: keep this; to a Tap: this is an old message that was kept
	From       string // to a Tap: the user name of the client that published it; "" where it isn't known, as of an old one
	Properties *Properties
}

// Properties are the MQTT 5 properties of a PUBLISH (section 3.3.2.3); nil for none.
type Properties struct {
	ContentType     string
	ResponseTopic   string
	CorrelationData []byte
	PayloadUTF8     bool
	Expiry          uint32 // seconds; 0 for none
	User            []UserProperty
}

// UserProperty is one name and value; names may repeat.
type UserProperty = wire.UserProperty

// Tap reads what is published. Its methods are called from many goroutines.
type Tap interface {
	// Route says who takes messages of topic; nil for nobody. It is asked once for each connection and topic and
	// the answer is kept, until Broker.Forget is called.
	Route(topic string) Sink
	// Wait blocks until every message up to pos is durable, or says why it cannot be: then the sender is refused
	// with a reason (MQTT 5) or cut off (3.1.1), and never acknowledged.
	Wait(pos uint64) error
}

// Sink takes the messages of one topic, in the order of each sender.
type Sink interface {
	// Publish takes m and returns the position to Wait for; 0 when there is nothing to wait for. It may block: that
	// is how back-pressure reaches the sender.
	Publish(m *Message) (pos uint64)
}

// Gatherer is a Sink that never blocks and can take many messages at one go. Messages from many senders that came at about
// the same time are gathered in a Basket, one for all Gatherers of a kind, and handed on together.
type Gatherer interface {
	Sink
	// Kind tells those apart that cannot share a Basket; it can be compared.
	Kind() any
	// Basket makes an empty Basket for the kind.
	Basket() Basket
	// Gather puts m into b. It is false when m must be given to Publish, after b has been emptied.
	Gather(m *Message, b Basket) bool
}

// Basket is for one caller at a time, except Wait.
type Basket interface {
	// Empty hands on what was gathered, in its order, and returns the position to Wait for, as Publish does.
	Empty() (pos uint64)
	// Wait is the Wait of the Gatherers' Tap.
	Wait(pos uint64) error
}

// Broker is a place to publish to and to read from: a Server in this process, or a Client of one elsewhere.
type Broker interface {
	// Attach adds a Tap for all topics that match one of filters (section 4.7), and hands it the retained ones
	// first. It stays until detach is called, over reconnects of a Client too.
	Attach(tap Tap, filters ...string) (detach func(), err error)
	// Forget drops every kept answer of Route, since a Tap would answer otherwise now.
	Forget()
	// Publish sends m and returns when the broker has it: at once for QoS 0, acknowledged for QoS 1 and 2.
	Publish(ctx context.Context, m *Message) error
}

// Poster is a Broker in this process, to which many messages can be published at one go. Post is for messages for which
// Ready is true, by one caller at a time.
type Poster interface {
	Broker
	// Ready says whether Post of a message with that topic and QoS would surely wait for nobody. It may say no.
	Ready(topic string, qos byte) bool
	// Post is Publish, but what it writes leaves at the next Flush.
	Post(m *Message) error
	// Flush lets leave what was posted.
	Flush()
}
