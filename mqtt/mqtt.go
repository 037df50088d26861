// Package mqtt is an MQTT 3.1.1 and 5 server and client (OASIS MQTT 3.1.1, 2014, and 5.0, 2019). It knows nothing of
// what the messages mean.
//
// A program takes part through Taps. A Tap sees every message that clients publish, without a socket between, and a
// QoS 1 or 2 message is acknowledged to its sender only when every Tap that took it says that it is durable. The same
// Tap may be attached to a Server or to a Client of an outside broker, so what reads messages need not know which.
//
// This package is the front door; what stands behind each name is told where it is declared.
package mqtt

import (
	"context"

	"hutong/mqtt/client"
	"hutong/mqtt/kept"
	"hutong/mqtt/server"
	"hutong/mqtt/tap"
	"hutong/mqtt/topic"
	"hutong/mqtt/wire"
)

// What is said, and who hears it (package tap).
type (
	// Message is one application message.
	Message = tap.Message
	// Properties are the MQTT 5 properties of a message.
	Properties = tap.Properties
	// UserProperty is one name and value.
	UserProperty = wire.UserProperty
	// Tap reads what is published.
	Tap = tap.Tap
	// Sink takes the messages of one topic.
	Sink = tap.Sink
	// Gatherer is a Sink that can take many messages at one go, in a Basket.
	Gatherer = tap.Gatherer
	// Basket holds them.
	Basket = tap.Basket
	// Poster is a Broker to which many messages can be published at one go.
	Poster = tap.Poster
	// Broker is a place to publish to and to read from: a Server in this process, or a Client of one elsewhere.
	Broker = tap.Broker
)

// The server (package server).
type (
	// Server is an MQTT server, and a Broker for the rest of the process.
	Server = server.Server
	// Options say how a Server behaves.
	Options = server.Options
	// Login is who asks to connect, and afterwards who is connected.
	Login = server.Login
	// Stats are a Server's figures.
	Stats = server.Stats
	// Store keeps what must outlive the process.
	Store = kept.Store
	// MemoryStore is a Store that forgets everything with the process.
	MemoryStore = kept.MemoryStore
)

// The client (package client).
type (
	// Client is a connection to a broker that is made anew whenever it breaks. It is a Broker.
	Client = client.Client
	// ClientOptions say whom a Client connects to and how.
	ClientOptions = client.Options
)

// The errors of a Client: there is no connection just now, and Close was called.
var (
	ErrOffline = client.ErrOffline
	ErrClosed  = client.ErrClosed
)

// Dial connects and waits for the first connection. Network errors are tried again until ctx ends; that the broker
// refuses is an error at once, a Reason. Close the Client.
func Dial(ctx context.Context, o ClientOptions) (*Client, error) { return client.Dial(ctx, o) }

// StartClient is Dial without waiting. Close the Client.
func StartClient(o ClientOptions) (*Client, error) { return client.Start(o) }

// ErrServerClosed is what Server.Serve returns after Close.
var ErrServerClosed = server.ErrClosed

// NewServer makes a Server and reads back what o.Store kept. Close it.
func NewServer(o Options) (*Server, error) { return server.New(o) }

// Reason is an MQTT 5 reason code (2.4). From 0x80 on it is an error: hooks return it to say what the client is told,
// and Publish and Subscribe return it when the other side refused.
type Reason = wire.Reason

// The reasons that hooks have use for; package wire has them all.
const (
	UnspecifiedError = wire.UnspecifiedError
	BadCredentials   = wire.BadCredentials
	NotAuthorized    = wire.NotAuthorized
	ServerBusy       = wire.ServerBusy
	Banned           = wire.Banned
	QuotaExceeded    = wire.QuotaExceeded
)

// Match says whether a topic matches a filter, both valid (MQTT 5, 4.7).
func Match(filter, name string) bool { return topic.Match(filter, name) }

// ValidTopic says whether s may be published to (MQTT 5, 4.7.3).
func ValidTopic(s string) bool { return topic.Valid(s) }
