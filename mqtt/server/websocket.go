package server

import (
	"context"
	"net"
	"net/http"

	"github.com/coder/websocket"
)

// WebSocket is a handler that speaks MQTT over WebSocket (MQTT 5, section 6; subprotocol "mqtt"). A page may use it
// only from the handler's own host. It lives as long as the server.
func (s *Server) WebSocket() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ws, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{"mqtt"}})
		if err != nil {
			s.count.refused.Add(1)
			return // Accept has answered
		}
		if ws.Subprotocol() != "mqtt" {
			s.count.refused.Add(1)
			ws.Close(websocket.StatusPolicyViolation, "the subprotocol must be mqtt")
			return
		}
		s.ServeConn(&wsConn{netConn(ws), r})
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
