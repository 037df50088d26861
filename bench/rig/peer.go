package rig

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
)

// ErrMissing is in the error of a peer that is not installed.
var ErrMissing = errors.New("not installed")

// NodeModules is where npm's peers are: in HUTONG_PEERS, or where interop/install puts them.
func NodeModules() (string, error) {
	dir := os.Getenv("HUTONG_PEERS")
	if dir == "" {
		root, err := Root()
		if err != nil {
			return "", err
		}
		dir = filepath.Join(root, "interop", ".peers")
	}
	return filepath.Abs(filepath.Join(dir, "node_modules"))
}

// Free is a port of this machine on which nobody listens just now.
func Free() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// Mosquitto runs the broker with persistence and log off and queues without a limit, and waits until it answers. Its
// configuration goes into work.
func Mosquitto(work string) (p *Process, port int, err error) {
	path, err := exec.LookPath("mosquitto")
	if err != nil {
		path, err = exec.LookPath("/usr/sbin/mosquitto") // Debian's is not on everybody's PATH
	}
	if err != nil {
		return nil, 0, fmt.Errorf("mosquitto: %w (apt-get install mosquitto)", ErrMissing)
	}
	if port, err = Free(); err != nil {
		return nil, 0, err
	}
	conf := filepath.Join(work, "mosquitto.conf")
	text := "listener " + strconv.Itoa(port) + " 127.0.0.1\nallow_anonymous true\npersistence false\nlog_dest none\nlog_type none\nmax_queued_messages 0\nmax_connections -1\n"
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		return nil, 0, err
	}
	if p, err = Run(exec.Command(path, "-c", conf)); err != nil {
		return nil, 0, err
	}
	if err := p.Answers(port); err != nil {
		return nil, 0, errors.Join(err, p.End())
	}
	return p, port, nil
}

// Answers waits until somebody listens on a port, and gives up when the program has ended.
func (p *Process) Answers(port int) error {
	err := Wait(func() (bool, int) {
		c, err := net.Dial("tcp", "127.0.0.1:"+strconv.Itoa(port))
		if err == nil {
			c.Close()
		}
		return err == nil || p.Ended(), 0
	})
	if err == nil && p.Ended() {
		err = errors.New("it has ended")
	}
	if err != nil {
		err = fmt.Errorf("waiting for %s: %w\n%s", p.cmd.Path, err, p.Log())
	}
	return err
}
