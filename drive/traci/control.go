package traci

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

// Version asks which TraCI SUMO speaks, and for its name and version. [Start] has asked it already; after [Dial] it is
// the first thing to ask, for a few commands differ between versions.
func (c *Client) Version() (api int, name string, err error) {
	r, err := c.ask(context.Background(), c.begin(cmdGetVersion, 0, ""))
	if err != nil {
		return 0, "", err
	}
	end := r.block()
	if cmd := r.u8(); r.err == nil && cmd != cmdGetVersion {
		r.err = fmt.Errorf("SUMO answered with 0x%02x", cmd)
	}
	api, name = r.i32(), r.str()
	if r.err == nil && r.at != end {
		r.err = fmt.Errorf("%d bytes of the answer are left over", end-r.at)
	}
	if r.err != nil {
		return 0, "", c.fail(fmt.Errorf("traci: getVersion: %w", r.err))
	}
	c.api = api
	return api, name, nil
}

// SetOrder says as which of several clients this one is asked. With one client it isn't needed.
func (c *Client) SetOrder(n int) error {
	start := c.begin(cmdSetOrder, 0, "")
	c.out.i32(n)
	return c.set(start)
}

// Load makes SUMO begin anew with the arguments of a command line. All subscriptions are gone.
func (c *Client) Load(args ...string) error {
	start := c.begin(cmdLoad, 0, "")
	c.out.tStrings(args)
	return c.set(start)
}

// Step lets the simulation run until the time, s; 0: one step. Then [Client.Results] holds what is subscribed to. It
// may be the last of what [Client.Together] collects: see StepTogether. When ctx ends, the call fails and the connection
// with it, for SUMO would still answer.
func (c *Client) Step(ctx context.Context, until float64) error {
	start := c.begin(cmdStep, 0, "")
	c.out.f64(until)
	r, err := c.ask(ctx, start)
	if err != nil {
		return err
	}
	return c.took(r)
}

// StepTogether is Step, sent in one message with the commands that do gives, which come before it. What SUMO has
// against one of them is in the error; the step has been made all the same, and Results are new.
func (c *Client) StepTogether(ctx context.Context, until float64, do func() error) error {
	c.together++
	err := do()
	c.together--
	if err != nil {
		c.pending = c.pending[:0]
		return err
	}
	start := c.begin(cmdStep, 0, "")
	c.out.f64(until)
	c.end(start)
	r, refused := c.exchange(ctx)
	if c.broken != nil || r == nil {
		return refused
	}
	if err := c.took(r); err != nil {
		return err
	}
	return refused
}

// ahead is how many steps [Client.Watch] asks for before the first of them is answered: with two, SUMO has the next
// command before it is through with the last.
const ahead = 2

// Watch makes steps one after the other and calls do with what each brought, until do returns false. SUMO doesn't wait for
// do, nor for the way of a message: it is at work on the next steps meanwhile. So nothing can be asked or set within do,
// and when Watch returns SUMO has gone up to two steps farther than do has seen. When ctx ends, Watch fails and the
// connection with it.
func (c *Client) Watch(ctx context.Context, do func(*Results) bool) error {
	if c.together > 0 {
		return errTogether
	}
	if ctx.Done() != nil {
		stop := context.AfterFunc(ctx, func() { c.conn.Close() })
		defer stop()
	}
	asked := 0
	for more := true; ; {
		for ; more && asked < ahead; asked++ {
			if err := c.askStep(ctx); err != nil {
				return err
			}
		}
		if asked == 0 {
			return nil
		}
		r, err := c.receive()
		if err != nil {
			return c.lost(ctx, err)
		}
		asked--
		refusal, err := r.status(sent{cmd: cmdStep})
		if err = errors.Join(refusal, err); err != nil { // what comes after it is of no use
			return c.fail(fmt.Errorf("traci: simulationStep: %w", err))
		}
		if err := c.took(r); err != nil {
			return err
		}
		more = more && do(&c.results)
	}
}

// askStep sends the command of a step and doesn't wait.
func (c *Client) askStep(ctx context.Context) error {
	if c.broken != nil {
		return c.broken
	}
	start := c.begin(cmdStep, 0, "")
	c.out.f64(0)
	c.end(start)
	c.pending = c.pending[:0]
	binary.BigEndian.PutUint32(c.out.b, uint32(len(c.out.b)))
	if err := c.conn.SetDeadline(time.Now().Add(c.patience)); err != nil {
		return c.lost(ctx, err)
	}
	if _, err := c.conn.Write(c.out.b); err != nil {
		return c.lost(ctx, err)
	}
	return nil
}

func (c *Client) lost(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	return c.fail(fmt.Errorf("traci: simulationStep: the connection to SUMO is lost: %w", err))
}

// took reads the answer of a step into the results.
func (c *Client) took(r *reader) error {
	c.results.read(r)
	if r.err == nil && r.at != len(r.b) {
		r.err = fmt.Errorf("%d bytes of the answer are left over", len(r.b)-r.at)
	}
	if r.err != nil {
		return c.fail(fmt.Errorf("traci: simulationStep: %w", r.err))
	}
	return nil
}

// Close tells SUMO to end, waits for it to agree, and lets go of the connection. A second Close does nothing.
func (c *Client) Close() error {
	if c.broken != nil {
		return nil
	}
	c.together = 0
	c.pending = c.pending[:0]
	start := c.begin(cmdClose, 0, "")
	c.end(start)
	_, err := c.exchange(context.Background())
	c.fail(errClosed)
	return err
}

var errClosed = fmt.Errorf("traci: the client is closed")
