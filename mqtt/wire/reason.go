package wire

import "fmt"

// Reason is a reason code (MQTT 5, 2.4). From 0x80 on it says that something failed, and is then a good error.
type Reason byte

// The reason codes. Those of value 0 have one name here: Success is also "normal disconnection" and "granted QoS 0".
const (
	Success                Reason = 0x00
	GrantedQoS1            Reason = 0x01
	GrantedQoS2            Reason = 0x02
	DisconnectWithWill     Reason = 0x04
	NoMatchingSubscribers  Reason = 0x10
	NoSubscriptionExisted  Reason = 0x11
	UnspecifiedError       Reason = 0x80
	MalformedPacket        Reason = 0x81
	ProtocolError          Reason = 0x82
	ImplementationSpecific Reason = 0x83
	UnsupportedVersion     Reason = 0x84
	ClientIDNotValid       Reason = 0x85
	BadCredentials         Reason = 0x86
	NotAuthorized          Reason = 0x87
	ServerUnavailable      Reason = 0x88
	ServerBusy             Reason = 0x89
	Banned                 Reason = 0x8a
	ServerShuttingDown     Reason = 0x8b
	BadAuthMethod          Reason = 0x8c
	KeepAliveTimeout       Reason = 0x8d
	SessionTakenOver       Reason = 0x8e
	TopicFilterInvalid     Reason = 0x8f
	TopicNameInvalid       Reason = 0x90
	PacketIDInUse          Reason = 0x91
	PacketIDNotFound       Reason = 0x92
	ReceiveMaximumExceeded Reason = 0x93
	TopicAliasInvalid      Reason = 0x94
	PacketTooLarge         Reason = 0x95
	MessageRateTooHigh     Reason = 0x96
	QuotaExceeded          Reason = 0x97
	AdministrativeAction   Reason = 0x98
	PayloadFormatInvalid   Reason = 0x99
	RetainNotSupported     Reason = 0x9a
	QoSNotSupported        Reason = 0x9b
	UseAnotherServer       Reason = 0x9c
	ServerMoved            Reason = 0x9d
	SharedNotSupported     Reason = 0x9e
	ConnectionRateExceeded Reason = 0x9f
	MaximumConnectTime     Reason = 0xa0
	SubIDNotSupported      Reason = 0xa1
	WildcardNotSupported   Reason = 0xa2
)

// Failed says whether the code means failure.
func (r Reason) Failed() bool { return r >= 0x80 }

// Error makes a failing Reason an error.
func (r Reason) Error() string { return "mqtt: " + r.String() }

// String gives the standard's words.
func (r Reason) String() string {
	switch r {
	case Success:
		return "success"
	case GrantedQoS1, GrantedQoS2:
		return fmt.Sprintf("granted QoS %d", byte(r))
	case DisconnectWithWill:
		return "disconnect with will message"
	case NoMatchingSubscribers:
		return "no matching subscribers"
	case NoSubscriptionExisted:
		return "no subscription existed"
	}
	if i := int(r) - 0x80; i >= 0 && i < len(failures) {
		return failures[i]
	}
	return fmt.Sprintf("reason 0x%02x", byte(r))
}

var failures = [...]string{
	"unspecified error", "malformed packet", "protocol error", "implementation specific error",
	"unsupported protocol version", "client identifier not valid", "bad user name or password", "not authorized",
	"server unavailable", "server busy", "banned", "server shutting down", "bad authentication method",
	"keep alive timeout", "session taken over", "topic filter invalid", "topic name invalid",
	"packet identifier in use", "packet identifier not found", "receive maximum exceeded", "topic alias invalid",
	"packet too large", "message rate too high", "quota exceeded", "administrative action", "payload format invalid",
	"retain not supported", "QoS not supported", "use another server", "server moved",
	"shared subscriptions not supported", "connection rate exceeded", "maximum connect time",
	"subscription identifiers not supported", "wildcard subscriptions not supported",
}

// Code311 is the CONNACK return code of MQTT 3.1.1 (3.2.2.3) nearest to r.
func (r Reason) Code311() byte {
	switch r {
	case Success:
		return 0
	case UnsupportedVersion:
		return 1
	case ClientIDNotValid:
		return 2
	case BadCredentials, BadAuthMethod:
		return 4
	case NotAuthorized, Banned:
		return 5
	}
	return 3
}

// From311 is the Reason nearest to a CONNACK return code of MQTT 3.1.1.
func From311(code byte) Reason {
	switch code {
	case 0:
		return Success
	case 1:
		return UnsupportedVersion
	case 2:
		return ClientIDNotValid
	case 3:
		return ServerUnavailable
	case 4:
		return BadCredentials
	case 5:
		return NotAuthorized
	}
	return UnspecifiedError
}
