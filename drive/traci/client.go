package traci

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"time"
)

// Options say how a client behaves. The zero Options are good for most.
type Options struct {
	// Patience is how long one call waits for its answer; 0: 60 s. A step of a large simulation takes a while.
	Patience time.Duration
}

// Client is one connection to a running SUMO. It is for one goroutine; only Abort may be called from others.
type Client struct {
	conn     net.Conn
	patience time.Duration
	api      int   // that SUMO speaks, once asked
	broken   error // once the connection is gone or out of step, why

	out      writer
	in       []byte
	rest     []byte // of in: what came of the next answer already
	pending  []sent
	together int // depth of Together

	names   names
	results Results
}

// sent is a command that waits for its answer.
type sent struct {
	cmd byte
	v   Var
	id  string
}

// Error is a command that SUMO refused.
type Error struct {
	Command string // as "vehicle: set 0xb4 of \"ego\""
	Text    string // what SUMO answered
	Unknown bool   // SUMO doesn't know the command at all
}

// Error gives command and answer.
func (e *Error) Error() string {
	if e.Unknown {
		return fmt.Sprintf("traci: %s: SUMO doesn't know this command: %s", e.Command, e.Text)
	}
	return fmt.Sprintf("traci: %s: SUMO answered: %s", e.Command, e.Text)
}

// maxAnswer bounds one message from SUMO, bytes. A step with 10,000 vehicles and ten variables each has about 2 MB.
const maxAnswer = 256 << 20

// Dial connects to a SUMO that listens at addr ("127.0.0.1:8813"). ctx bounds the dialling only.
func Dial(ctx context.Context, addr string, o Options) (*Client, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("traci: dial SUMO at %s: %w", addr, err)
	}
	return NewClient(conn, o), nil
}

// NewClient makes a client of a connection that is open, and takes it over.
func NewClient(conn net.Conn, o Options) *Client {
	if o.Patience <= 0 {
		o.Patience = time.Minute
	}
	return &Client{conn: conn, patience: o.Patience}
}

// Abort cuts the connection: a call under way fails, and all after it. It may be called from any goroutine.
func (c *Client) Abort() { c.conn.Close() }

// begin starts a command's block and gives where; end closes it. The length comes before the block: one byte where
// that is enough, a 0 and four bytes otherwise.
func (c *Client) begin(cmd byte, v Var, id string) int {
	if len(c.pending) == 0 {
		c.out.b = append(c.out.b[:0], 0, 0, 0, 0)
	}
	c.pending = append(c.pending, sent{cmd, v, id})
	start := len(c.out.b)
	c.out.b = append(c.out.b, 0, cmd)
	return start
}

func (c *Client) end(start int) {
	n := len(c.out.b) - start
	if n <= 255 {
		c.out.b[start] = byte(n)
		return
	}
	c.out.b = append(c.out.b, 0, 0, 0, 0)
	copy(c.out.b[start+5:], c.out.b[start+1:])
	c.out.b[start] = 0
	binary.BigEndian.PutUint32(c.out.b[start+1:], uint32(n+4))
}

// exchange sends what was begun and reads the answer: the status of each command, in order. The reader stands after
// them. Commands that were refused are told in the error, all of them; the connection stays good.
func (c *Client) exchange(ctx context.Context) (*reader, error) {
	pending := c.pending
	c.pending = c.pending[:0]
	if c.broken != nil {
		return nil, c.broken
	}
	binary.BigEndian.PutUint32(c.out.b, uint32(len(c.out.b)))
	r, err := c.roundTrip(ctx)
	if err != nil {
		what := told(pending[0].cmd, pending[0].v, pending[0].id)
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		return nil, c.fail(fmt.Errorf("traci: %s: the connection to SUMO is lost: %w", what, err))
	}
	var refused []error
	for _, p := range pending {
		refusal, err := r.status(p)
		if err != nil {
			return nil, c.fail(fmt.Errorf("traci: %s: %w", told(p.cmd, p.v, p.id), err))
		}
		if refusal != nil {
			refused = append(refused, refusal)
		}
	}
	if len(refused) == 1 {
		return r, refused[0]
	}
	return r, errors.Join(refused...)
}

// fail remembers that the connection is no longer any good, and closes it.
func (c *Client) fail(err error) error {
	c.conn.Close()
	c.broken = err
	return err
}

func (c *Client) roundTrip(ctx context.Context) (*reader, error) {
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	if err := c.conn.SetDeadline(time.Now().Add(c.patience)); err != nil {
		return nil, err
	}
	if ctx.Done() != nil {
		stop := context.AfterFunc(ctx, func() { c.conn.Close() })
		defer stop()
	}
	if _, err := c.conn.Write(c.out.b); err != nil {
		return nil, err
	}
	r, err := c.receive()
	if err == nil && len(c.rest) > 0 {
		return nil, fmt.Errorf("SUMO sent %d bytes more than it announced", len(c.rest))
	}
	return r, err
}

// receive reads one message. Its room grows as bytes come, not as the message says. What comes after it is kept for the
// next.
func (c *Client) receive() (*reader, error) {
	if cap(c.in) < 64<<10 {
		c.in = make([]byte, 64<<10)
	}
	c.in = c.in[:cap(c.in)]
	have, want := copy(c.in, c.rest), 4
	c.rest = nil
	for known := false; ; {
		if have >= 4 && !known {
			known = true
			said := binary.BigEndian.Uint32(c.in)
			if said < 4 || said > maxAnswer {
				return nil, fmt.Errorf("SUMO announced a message of %d bytes", said)
			}
			want = int(said)
		}
		if have >= want {
			break
		}
		if have == len(c.in) {
			c.in = append(c.in, make([]byte, len(c.in))...)
		}
		n, err := c.conn.Read(c.in[have:])
		if have += n; have >= want && known || have >= 4 && !known {
			continue
		}
		if err == io.EOF {
			return nil, io.ErrUnexpectedEOF
		}
		if err != nil {
			return nil, err
		}
	}
	c.rest = c.in[want:have]
	return &reader{b: c.in[:want], at: 4, names: &c.names}, nil
}

// status reads the status of one command: refusal is what SUMO has against it, err that the answer makes no sense.
func (r *reader) status(p sent) (refusal, err error) {
	end := r.block()
	cmd, result, text := r.u8(), r.u8(), r.str()
	switch {
	case r.err != nil:
		return nil, fmt.Errorf("the status can't be read: %w", r.err)
	case r.at != end:
		return nil, fmt.Errorf("the status is %d bytes longer than it says", r.at-end)
	case cmd != p.cmd:
		return nil, fmt.Errorf("SUMO answered to command 0x%02x", cmd)
	case result == 0:
		return nil, nil
	}
	return &Error{Command: told(p.cmd, p.v, p.id), Text: text, Unknown: result == 1}, nil
}

// Together sends the commands that do gives as one message and waits once. Within do, commands that only set something
// return nil at once; what SUMO has against any of them is in the error of Together. Commands that ask for something
// are refused within do.
func (c *Client) Together(do func() error) error {
	c.together++
	err := do()
	c.together--
	if c.together > 0 || len(c.pending) == 0 {
		return err
	}
	return errors.Join(err, c.tell())
}

// tell sends commands that have no answer but their status.
func (c *Client) tell() error {
	r, err := c.exchange(context.Background())
	if r != nil && r.at != len(r.b) {
		return c.fail(fmt.Errorf("traci: SUMO answered with %d bytes too many", len(r.b)-r.at))
	}
	return err
}

// set ends a command that asks for nothing but its status.
func (c *Client) set(start int) error {
	c.end(start)
	if c.together > 0 {
		return c.broken
	}
	return c.tell()
}

// errTogether says that a question can't wait with others.
var errTogether = errors.New("traci: nothing can be asked within Together")

// ask ends a command that has an answer.
func (c *Client) ask(ctx context.Context, start int) (*reader, error) {
	if c.together > 0 {
		c.out.b, c.pending = c.out.b[:start], c.pending[:len(c.pending)-1]
		return nil, errTogether
	}
	c.end(start)
	return c.exchange(ctx)
}

// setting begins the command that sets a variable of an object.
func (c *Client) setting(d Domain, v Var, id string) int {
	start := c.begin(d.set(), v, id)
	c.out.u8(byte(v))
	c.out.str(id)
	return start
}

// Get reads a variable of an object; id is "" for those of the simulation and for lists. The value is the caller's.
// Variables that want parameters have methods of their own.
func (c *Client) Get(d Domain, v Var, id string) (Value, error) {
	return c.get(d, v, id, func(*writer) {})
}

// get reads a variable that wants the parameters which more writes.
func (c *Client) get(d Domain, v Var, id string, more func(*writer)) (Value, error) {
	return c.read(d, v, id, more, func(r *reader, value *Value, _ int) { r.value(value, 0) })
}

// loose reads a compound up to the answer's end, whatever number of items it says: for variables of which SUMO doesn't
// count them right.
func loose(r *reader, v *Value, end int) {
	if v.Kind = Kind(r.u8()); v.Kind != KindCompound && r.err == nil {
		r.err = fmt.Errorf("a value of %v, want a compound", v.Kind)
	}
	r.i32()
	for r.err == nil && r.at < end {
		var part Value
		r.value(&part, 1)
		v.Parts = append(v.Parts, part)
	}
}

// read asks for a variable, and lets parse read its value, which ends at end.
func (c *Client) read(d Domain, v Var, id string, more func(*writer), parse func(r *reader, value *Value, end int)) (Value, error) {
	start := c.begin(byte(d), v, id)
	c.out.u8(byte(v))
	c.out.str(id)
	more(&c.out)
	r, err := c.ask(context.Background(), start)
	if err != nil {
		return Value{}, err
	}
	end := r.block()
	cmd, back, of := r.u8(), Var(r.u8()), r.str()
	if r.err == nil && (cmd != byte(d)+toAnswer || back != v || of != id) {
		r.err = fmt.Errorf("SUMO answered with 0x%02x, variable 0x%02x of %q", cmd, byte(back), of)
	}
	value := Value{Var: v}
	if parse(r, &value, end); r.err == nil && r.at != end {
		r.err = fmt.Errorf("%d bytes of the answer are left over", end-r.at)
	}
	if r.err != nil {
		return Value{}, c.fail(fmt.Errorf("traci: %s: %w", told(byte(d), v, id), r.err))
	}
	return value, nil
}

// want is Get for a value of one kind.
func (c *Client) want(d Domain, v Var, id string, k Kind) (Value, error) {
	value, err := c.Get(d, v, id)
	if err == nil && value.Kind != k {
		err = fmt.Errorf("traci: %s: got a %v, want a %v", told(byte(d), v, id), value.Kind, k)
	}
	return value, err
}

// Double reads a variable that is a double.
func (c *Client) Double(d Domain, v Var, id string) (float64, error) {
	value, err := c.want(d, v, id, KindDouble)
	return value.X, err
}

// Int reads a variable that is an integer.
func (c *Client) Int(d Domain, v Var, id string) (int, error) {
	value, err := c.want(d, v, id, KindInt)
	return int(value.Int), err
}

// Text reads a variable that is a string.
func (c *Client) Text(d Domain, v Var, id string) (string, error) {
	value, err := c.want(d, v, id, KindString)
	return value.Text, err
}

// Texts reads a variable that is a list of strings.
func (c *Client) Texts(d Domain, v Var, id string) ([]string, error) {
	value, err := c.want(d, v, id, KindStrings)
	return value.Texts(), err
}

// Parameter reads an object's free parameter; "" where it has none of that key.
func (c *Client) Parameter(d Domain, id, key string) (string, error) {
	v, err := c.get(d, VarParameter, id, func(w *writer) { w.tString(key) })
	return v.Text, err
}

// SetParameter sets an object's free parameter.
func (c *Client) SetParameter(d Domain, id, key, value string) error {
	start := c.setting(d, varSetParameter, id)
	c.out.tCompound(2)
	c.out.tString(key)
	c.out.tString(value)
	return c.set(start)
}
