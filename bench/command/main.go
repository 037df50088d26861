// Command command measures the way from a sensor over a rule to a command, at 5,000 messages a second: how long it takes and
// what it costs, against Node-RED with mosquitto as its broker, Node-RED with aedes in the same process, and eKuiper with
// mosquitto.
//
//	go run ./bench/command            5 runs of 5 s of each
//	go run ./bench/command --quick    1 run of 2 s
//
// Arrival: 100 devices with a connection each, five messages every millisecond in turn, each written by itself, at QoS 0 and
// in MQTT 3.1.1. A message is a JSON document of six members whose temperature is above 25, and so each of them makes its
// rule command its device's actuator, with the number of the message. A client that subscribes to all commands reads it
// there. Time runs from the moment when the message was due, whether or not the sender was late, until its command has been
// read. Every message must have its command, once, else the run fails.
//
// The hub is the real program, asked for tokens as at home, with a rule for each device; journal, history, traces and the
// log of commands are on. Node-RED has one flow for all devices (mqtt in, switch, two changes in one node, mqtt out), and
// eKuiper one rule: more would be slower. CPU is user and system time of every process that a message passes through:
// broker and rules, or the one that is both. What is not installed is said, and counted.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"time"

	"hutong/bench/rig"
)

type settings struct {
	rate, runs int
	length     time.Duration
	kuiper     string
	work       string
}

func main() {
	var s settings
	flag.IntVar(&s.rate, "rate", 5000, "messages a second")
	flag.IntVar(&s.runs, "runs", 5, "runs of each; the medians count")
	flag.DurationVar(&s.length, "length", 5*time.Second, "of each")
	flag.StringVar(&s.kuiper, "kuiper", "", "folder of eKuiper as it is unpacked, with bin/kuiperd and etc")
	rig.Parse(map[string]string{"runs": "1", "length": "2s"})
	if err := s.run(); err != nil {
		fmt.Fprintln(os.Stderr, "command:", err)
		os.Exit(1)
	}
}

// column is what one of those measured has come to.
type column struct {
	name          string
	p50, p99, cpu []float64
	out           error // why it counts no more
}

func (s *settings) run() (err error) {
	if s.work, err = os.MkdirTemp("", "hutong-command-"); err != nil {
		return err
	}
	defer os.RemoveAll(s.work)
	begin, err := s.peers()
	if err != nil {
		return err
	}
	var list []*column
	for _, p := range begin {
		list = append(list, &column{name: p.name})
	}
	for run := range s.runs {
		for i, c := range list {
			if c.out != nil {
				continue
			}
			r, err := s.once(begin[i].start)
			if err != nil {
				if i == 0 {
					return fmt.Errorf("%s: %w", c.name, err)
				}
				c.out = err
				fmt.Fprintf(os.Stderr, "%s: %v\n", c.name, err)
				continue
			}
			fmt.Fprintf(os.Stderr, "run %d, %s: %s\n", run+1, c.name, r)
			c.p50, c.p99, c.cpu = append(c.p50, r.p50), append(c.p99, r.p99), append(c.cpu, r.cpu)
		}
	}
	s.write(list)
	return nil
}

// write prints the table. The first of the list is ours.
func (s *settings) write(list []*column) {
	fmt.Printf("%s, %d messages/s, %d runs of %s\n\n| who | p50 | p99 | CPU of all that a message passes | p99, ours to it | CPU, ours to it |\n|---|---|---|---|---|---|\n",
		rig.Where(), s.rate, s.runs, s.length)
	ours, met, cheap, missing := list[0], true, true, 0
	p99, cpu := rig.Median(ours.p99), rig.Median(ours.cpu)
	for _, c := range list {
		switch {
		case errors.Is(c.out, rig.ErrMissing):
			missing++
			fmt.Printf("| %s | not here | | | | |\n", c.name)
		case c.out != nil:
			fmt.Printf("| %s | failed | | | | |\n", c.name)
		default:
			slow, dear := p99/rig.Median(c.p99), cpu/rig.Median(c.cpu)
			fmt.Printf("| %s | %.2f ms | %.2f ms | %.1f us a message |", c.name, rig.Median(c.p50), rig.Median(c.p99), rig.Median(c.cpu))
			if c == ours {
				fmt.Println(" | |")
				continue
			}
			fmt.Printf(" **%.2f** | **%.2f** |\n", slow, dear)
			met, cheap = met && slow <= 0.25, cheap && dear <= 0.25
		}
	}
	fmt.Printf("\nAgainst the best of them: p99 <= 0.25 times %s, CPU <= 0.25 times %s. Every message counted had its command, once. Not here: %d of %d.\n",
		rig.Met(met), rig.Met(cheap), missing, len(list)-1)
}
