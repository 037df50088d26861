// Package websocket carries MQTT over WebSocket (MQTT 5, section 6).
package websocket

import (
	"context"
	"net"
	"net/http"

	"github.com/coder/websocket"
)

// Handler gives each WebSocket of the subprotocol "mqtt" to serve as a connection, and tells refused of what is none. A
// page may use it only from the handler's own host.
func Handler(serve func(net.Conn), refused func()) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ws, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{"mqtt"}})
		if err != nil {
			refused()
			return // Accept has answered
		}
		if ws.Subprotocol() != "mqtt" {
			refused()
			ws.Close(websocket.StatusPolicyViolation, "the subprotocol must be mqtt")
			return
		}
		serve(&wsConn{netConn(ws), r})
	})
}

func netConn(ws *websocket.Conn) net.Conn {
	ws.SetReadLimit(-1) // packets are bounded, and read piece by piece
	return websocket.NetConn(context.Background(), ws, websocket.MessageBinary)
}

// wsConn gives the address of the HTTP request, since a WebSocket knows none.
type wsConn struct {
	net.Conn
	r *http.Request
}

func (c *wsConn) RemoteAddr() net.Addr { return textAddr(c.r.RemoteAddr) }

type textAddr string

func (textAddr) Network() string  { return "tcp" }
func (a textAddr) String() string { return string(a) }
