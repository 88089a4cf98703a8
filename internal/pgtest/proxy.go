package pgtest

import (
	"fmt"
	"net"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

type Direction int

const (
	FromServer Direction = iota
	FromClient
)

// Proxy stands between a client and a server, and fails as a network does.
type Proxy struct {
	Host string
	Port int
	// Broken is closed when the proxy fails.
	Broken chan struct{}
	// Edit may change what a connection carries, as a pooler does: connections are numbered from 1 as they come. It is set before the first of them.
	Edit func(connection int, way Direction, bytes []byte) []byte

	mu     sync.Mutex
	passed [2]int64 // bytes, of all connections
	limit  [2]int64 // of these; -1: none
	drops  bool
	broken bool
	healed bool
	conns  map[net.Conn]bool // true: it carries nothing any more
}

// NewProxy listens for the duration of a test, at a port of its own. It carries everything until it is told to fail.
func NewProxy(t testing.TB, to ServerInfo) *Proxy { return ProxyAt(t, 0, to) }

func ProxyAt(t testing.TB, port int, to ServerInfo) *Proxy {
	t.Helper()
	l, err := net.Listen("tcp", fmt.Sprint("127.0.0.1:", port))
	require.NoError(t, err, "listen")
	p := &Proxy{Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port, Broken: make(chan struct{}),
		limit: [2]int64{-1, -1}, conns: map[net.Conn]bool{}}
	t.Cleanup(func() {
		_ = l.Close()
		p.mu.Lock()
		defer p.mu.Unlock()
		for c := range p.conns {
			_ = c.Close()
		}
	})
	go func() {
		for number := 1; ; number++ {
			client, err := l.Accept()
			if err != nil {
				return
			}
			go p.carry(number, client, to.address())
		}
	}()
	return p
}

// FailAfter lets so many bytes pass in a direction, of all connections together, and then nothing in either: the proxy stands
// still and says nothing, or drops every connection.
func (p *Proxy) FailAfter(bytes int64, way Direction, drop bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.limit[way], p.drops = bytes, drop
	p.check(way)
}

// Heal lets new connections through again; those that stand still stay so.
func (p *Proxy) Heal() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.healed = true
}

func (p *Proxy) Passed(way Direction) int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.passed[way]
}

func (p *Proxy) check(way Direction) {
	if p.broken || p.limit[way] < 0 || p.passed[way] < p.limit[way] {
		return
	}
	p.broken = true
	close(p.Broken)
	for c := range p.conns {
		p.enter(c, true)
	}
}

// enter takes one side of a connection on, one that fails or not.
func (p *Proxy) enter(c net.Conn, fails bool) {
	if p.conns[c] = fails; fails && p.drops {
		_ = c.Close()
	}
}

func (p *Proxy) carry(number int, client net.Conn, to string) {
	server, err := net.Dial("tcp", to)
	if err != nil {
		_ = client.Close()
		return
	}
	p.mu.Lock()
	p.enter(client, p.broken && !p.healed)
	p.enter(server, p.broken && !p.healed)
	p.mu.Unlock()
	go p.copy(number, server, client, FromClient)
	p.copy(number, client, server, FromServer)
}

func (p *Proxy) copy(number int, to, from net.Conn, way Direction) {
	buf := make([]byte, 4096)
	for {
		n, err := from.Read(buf)
		pass := p.pass(to, from, int64(n), way)
		passed := buf[:pass]
		if p.Edit != nil {
			passed = p.Edit(number, way, passed)
		}
		if _, failed := to.Write(passed); pass < int64(n) {
			return // it stands still
		} else if err != nil || failed != nil {
			break
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.conns[from] { // one that stands still does not say that it ended
		_, _ = to.Close(), from.Close()
	}
}

// pass is how many of so many bytes go through.
func (p *Proxy) pass(to, from net.Conn, n int64, way Direction) int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.conns[to] || p.conns[from] {
		return 0
	}
	if !p.broken && p.limit[way] >= 0 {
		n = min(n, p.limit[way]-p.passed[way])
	}
	p.passed[way] += n
	p.check(way)
	return n
}
