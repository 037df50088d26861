package wire

import (
	"encoding/binary"
	"math/bits"
)

// ID names a property (MQTT 5, 2.2.2.2).
type ID byte

// The properties.
const (
	PayloadFormat     ID = 1
	MessageExpiry     ID = 2
	ContentType       ID = 3
	ResponseTopic     ID = 8
	CorrelationData   ID = 9
	SubscriptionID    ID = 11
	SessionExpiry     ID = 17
	AssignedClientID  ID = 18
	ServerKeepAlive   ID = 19
	AuthMethod        ID = 21
	AuthData          ID = 22
	RequestProblem    ID = 23
	WillDelay         ID = 24
	RequestResponse   ID = 25
	ResponseInfo      ID = 26
	ServerReference   ID = 28
	ReasonString      ID = 31
	ReceiveMaximum    ID = 33
	TopicAliasMaximum ID = 34
	TopicAlias        ID = 35
	MaximumQoS        ID = 36
	RetainAvailable   ID = 37
	User              ID = 38
	MaximumPacketSize ID = 39
	WildcardAvailable ID = 40
	SubIDAvailable    ID = 41
	SharedAvailable   ID = 42
)

// UserProperty is one name and value; names may repeat.
type UserProperty struct{ Name, Value string }

// Properties are the properties of any packet. A field counts only when Has says so, except that lists count when
// they are not empty.
type Properties struct {
	has               uint64
	PayloadFormat     byte
	RequestProblem    byte
	RequestResponse   byte
	MaximumQoS        byte
	RetainAvailable   byte
	WildcardAvailable byte
	SubIDAvailable    byte
	SharedAvailable   byte
	ServerKeepAlive   uint16
	ReceiveMaximum    uint16
	TopicAliasMaximum uint16
	TopicAlias        uint16
	MessageExpiry     uint32
	SessionExpiry     uint32
	WillDelay         uint32
	MaximumPacketSize uint32
	ContentType       string
	ResponseTopic     string
	AssignedClientID  string
	AuthMethod        string
	ResponseInfo      string
	ServerReference   string
	ReasonString      string
	CorrelationData   []byte
	AuthData          []byte
	SubscriptionIDs   []uint32
	User              []UserProperty
}

// Has says whether the property is there.
func (p *Properties) Has(id ID) bool { return p.has>>id&1 != 0 }

// Set says that the fields of ids are there.
func (p *Properties) Set(ids ...ID) {
	for _, id := range ids {
		p.has |= 1 << id
	}
}

// Empty says whether there is none.
func (p *Properties) Empty() bool {
	return p.has == 0 && len(p.User) == 0 && len(p.SubscriptionIDs) == 0
}

// field is a pointer to the field of id; nil when there is no such property or it is a list.
func (p *Properties) field(id ID) any {
	switch id {
	case PayloadFormat:
		return &p.PayloadFormat
	case MessageExpiry:
		return &p.MessageExpiry
	case ContentType:
		return &p.ContentType
	case ResponseTopic:
		return &p.ResponseTopic
	case CorrelationData:
		return &p.CorrelationData
	case SessionExpiry:
		return &p.SessionExpiry
	case AssignedClientID:
		return &p.AssignedClientID
	case ServerKeepAlive:
		return &p.ServerKeepAlive
	case AuthMethod:
		return &p.AuthMethod
	case AuthData:
		return &p.AuthData
	case RequestProblem:
		return &p.RequestProblem
	case WillDelay:
		return &p.WillDelay
	case RequestResponse:
		return &p.RequestResponse
	case ResponseInfo:
		return &p.ResponseInfo
	case ServerReference:
		return &p.ServerReference
	case ReasonString:
		return &p.ReasonString
	case ReceiveMaximum:
		return &p.ReceiveMaximum
	case TopicAliasMaximum:
		return &p.TopicAliasMaximum
	case TopicAlias:
		return &p.TopicAlias
	case MaximumQoS:
		return &p.MaximumQoS
	case RetainAvailable:
		return &p.RetainAvailable
	case MaximumPacketSize:
		return &p.MaximumPacketSize
	case WildcardAvailable:
		return &p.WildcardAvailable
	case SubIDAvailable:
		return &p.SubIDAvailable
	case SharedAvailable:
		return &p.SharedAvailable
	}
	return nil
}

// will stands for the will properties inside CONNECT.
const will Kind = 0

func set(ids ...ID) (mask uint64) {
	for _, id := range ids {
		mask |= 1 << id
	}
	return mask
}

// allowed lists which properties a packet may carry (MQTT 5, table 2-4).
func allowed(k Kind) uint64 {
	switch k {
	case will:
		return set(PayloadFormat, MessageExpiry, ContentType, ResponseTopic, CorrelationData, WillDelay, User)
	case CONNECT:
		return set(SessionExpiry, AuthMethod, AuthData, RequestProblem, RequestResponse, ReceiveMaximum,
			TopicAliasMaximum, User, MaximumPacketSize)
	case CONNACK:
		return set(SessionExpiry, AssignedClientID, ServerKeepAlive, AuthMethod, AuthData, ResponseInfo,
			ServerReference, ReasonString, ReceiveMaximum, TopicAliasMaximum, MaximumQoS, RetainAvailable, User,
			MaximumPacketSize, WildcardAvailable, SubIDAvailable, SharedAvailable)
	case PUBLISH:
		return set(PayloadFormat, MessageExpiry, ContentType, ResponseTopic, CorrelationData, SubscriptionID,
			TopicAlias, User)
	case SUBSCRIBE:
		return set(SubscriptionID, User)
	case UNSUBSCRIBE:
		return set(User)
	case DISCONNECT:
		return set(SessionExpiry, ServerReference, ReasonString, User)
	case AUTH:
		return set(AuthMethod, AuthData, ReasonString, User)
	}
	return set(ReasonString, User)
}

// read fills p with the property block at r that a packet of kind k carries.
func (p *Properties) read(r *reader, k Kind) {
	block := reader{b: r.take(int(r.varint()))}
	if r.err != nil {
		return
	}
	mask := allowed(k)
	for len(block.b) > 0 && block.err == nil {
		id := ID(block.varint())
		if id > SharedAvailable || mask>>id&1 == 0 {
			block.fail(malformed("property does not belong here"))
			break
		}
		switch id {
		case User:
			p.User = append(p.User, UserProperty{block.string(), block.string()})
			continue
		case SubscriptionID:
			if len(p.SubscriptionIDs) > 0 && k != PUBLISH {
				block.fail(protocol("subscription identifier twice"))
			}
			v := block.varint()
			if v == 0 {
				block.fail(protocol("subscription identifier 0"))
			}
			p.SubscriptionIDs = append(p.SubscriptionIDs, v)
			continue
		}
		if p.Has(id) {
			block.fail(protocol("property twice"))
			break
		}
		p.Set(id)
		p.readField(&block, id)
	}
	if block.err != nil {
		r.fail(block.err)
	}
}

func (p *Properties) readField(r *reader, id ID) {
	switch f := p.field(id).(type) {
	case *byte:
		if *f = r.byte(); *f > 1 {
			r.fail(protocol("property is neither 0 nor 1"))
		}
	case *uint16:
		if *f = r.uint16(); *f == 0 && id == ReceiveMaximum {
			r.fail(protocol("receive maximum 0"))
		} else if *f == 0 && id == TopicAlias {
			r.fail(&Error{TopicAliasInvalid, "topic alias 0"})
		}
	case *uint32:
		if *f = r.uint32(); *f == 0 && id == MaximumPacketSize {
			r.fail(protocol("maximum packet size 0"))
		}
	case *string:
		*f = r.string()
	case *[]byte:
		*f = r.binary()
	}
}

// append writes the property block that a packet of kind k carries; nil is an empty one.
func (p *Properties) append(b []byte, k Kind) []byte {
	if p == nil || p.Empty() {
		return append(b, 0)
	}
	b, mark := begin(b, 0)
	for rest := p.has & allowed(k); rest != 0; rest &= rest - 1 {
		id := ID(bits.TrailingZeros64(rest))
		switch f := p.field(id).(type) {
		case *byte:
			b = append(b, byte(id), *f)
		case *uint16:
			b = binary.BigEndian.AppendUint16(append(b, byte(id)), *f)
		case *uint32:
			b = binary.BigEndian.AppendUint32(append(b, byte(id)), *f)
		case *string:
			b = appendString(append(b, byte(id)), *f)
		case *[]byte:
			b = appendString(append(b, byte(id)), *f)
		}
	}
	for _, v := range p.SubscriptionIDs {
		b = appendVarint(append(b, byte(SubscriptionID)), int(v))
	}
	for _, u := range p.User {
		b = appendString(appendString(append(b, byte(User)), u.Name), u.Value)
	}
	return finish(b, mark, 0)
}
