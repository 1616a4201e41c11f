// Package sgopentracking switches SendGrid's open tracking on or off.
//
//	client, err := sgopentracking.NewClient(key)
//	if err != nil {
//		return err
//	}
//	defer client.Close()
//	_, err = client.Update(ctx, false, sgopentracking.OnBehalfOf("news@example.com"))
//
// A Client may be used by any number of goroutines at once; every call ends within the client's
// timeout, and when its context does. Every error is an *Error. The package links with
// libsg_open_tracking by cgo.
package sgopentracking

// #cgo LDFLAGS: -lsg_open_tracking
// #include "library.h"
import "C"

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"time"
)

// Result is a call that succeeded.
type Result struct {
	Enabled    bool // what the server reported: is open tracking on?
	HTTPStatus int
	Attempts   int           // requests sent, the first included
	RetryAfter time.Duration // the wait that the server asked for; 0 if it named none
	Elapsed    time.Duration // how long the call took, waits included
}

// Client is one key, one region, one pool of connections, for any number of goroutines. A copy is the
// same client, and the zero Client is a closed one.
type Client struct{ handle *handle }

// NewClient makes a client. It opens no connection yet.
func NewClient(key string, options ...ClientOption) (*Client, error) {
	if err := checkVersion(Version(), neededMajor, neededMinor); err != nil {
		return nil, err
	}
	s := settings{config: C.sg_config_new(), region: Global, timeout: 30 * time.Second, turns: sharedTurns}
	defer C.sg_config_free(s.config)
	for _, option := range options {
		if err := option(&s); err != nil {
			return nil, err
		}
	}
	text, free, err := cText("key", key)
	if err != nil {
		return nil, err
	}
	defer free()
	var native *C.sg_client
	if err := check(C.sg_client_new(text, C.int32_t(s.region), s.config, &native), keyRule+"; "+urlRule); err != nil {
		return nil, err
	}
	return own(native, s.region, s.timeout, s.turns, s.logger), nil
}

// Update switches open tracking on or off.
func (c *Client) Update(ctx context.Context, enabled bool, options ...CallOption) (Result, error) {
	return c.own().call(ctx, options, func(client *C.sg_client, name *C.char, raw *C.sg_result) {
		C.sg_client_update(client, C.bool(enabled), name, raw)
	})
}

// Get reads whether open tracking is on.
func (c *Client) Get(ctx context.Context, options ...CallOption) (Result, error) {
	return c.own().call(ctx, options, func(client *C.sg_client, name *C.char, raw *C.sg_result) {
		C.sg_client_get(client, name, raw)
	})
}

// Derive makes a client that shares this one's key and connections but has its own timeout (0: the
// same), its own Cancel and its own Close. It is cheap. A call that a context is to cut off needs
// none.
func (c *Client) Derive(timeout time.Duration) (*Client, error) {
	h := c.own()
	var ms C.uint32_t
	if timeout == 0 {
		timeout = h.timeout
	} else {
		var err error
		if ms, err = milliseconds("timeout", timeout); err != nil {
			return nil, err
		}
	}
	origin, err := h.borrow()
	if err != nil {
		return nil, err
	}
	defer h.giveBack()
	var native *C.sg_client
	if err := check(C.sg_client_derive(origin, ms, &native), "timeout was refused"); err != nil {
		return nil, err
	}
	return own(native, h.region, timeout, h.turns, h.logger), nil
}

// Cancel cuts off this client's calls, those in flight and any later one, with ErrCancelled. It does
// not wait. Derived clients go on.
func (c *Client) Cancel() { c.own().cancel() }

// Close cancels what is in flight and gives the client up; later calls return ErrClosed. It does not
// wait: the last call to end frees what the client held. Closing twice does no harm. The error is
// nil. A client that is only forgotten is freed when it is collected.
func (c *Client) Close() error {
	c.own().close()
	return nil
}

// String says the region; never the key.
func (c *Client) String() string {
	h := c.own()
	h.mutex.Lock()
	defer h.mutex.Unlock()
	if h.closed {
		return fmt.Sprintf("sgopentracking.Client(%s, closed)", h.region)
	}
	return fmt.Sprintf("sgopentracking.Client(%s)", h.region)
}

// GoString is String.
func (c *Client) GoString() string { return c.String() }

func (c *Client) own() *handle {
	if c.handle == nil {
		return &handle{end: func() {}, closed: true}
	}
	return c.handle
}

// handle owns a native client, which is freed once it is closed and no call is under way.
type handle struct {
	region  Region
	timeout time.Duration
	turns   *turns
	logger  Logger          // nil for none
	life    context.Context // ended by Cancel and Close
	end     context.CancelFunc

	mutex  sync.Mutex
	native *C.sg_client // nil once it is freed
	calls  int          // that are under way
	closed bool
}

func own(native *C.sg_client, region Region, timeout time.Duration, turns *turns, logger Logger) *Client {
	life, end := context.WithCancel(context.Background())
	h := &handle{region: region, timeout: timeout, turns: turns, logger: logger, life: life, end: end, native: native}
	runtime.SetFinalizer(h, (*handle).close)
	return &Client{h}
}

// borrow lends the native client, which is not freed until it is given back.
func (h *handle) borrow() (*C.sg_client, error) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	if h.closed {
		return nil, ErrClosed
	}
	h.calls++
	return h.native, nil
}

func (h *handle) giveBack() {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	h.calls--
	h.freeIfUnused()
}

func (h *handle) cancel() {
	h.end()
	h.mutex.Lock()
	defer h.mutex.Unlock()
	C.sg_client_cancel(h.native)
}

func (h *handle) close() {
	h.cancel()
	h.mutex.Lock()
	defer h.mutex.Unlock()
	h.closed = true
	h.freeIfUnused()
}

func (h *handle) freeIfUnused() {
	if h.closed && h.calls == 0 && h.native != nil {
		C.sg_client_free(h.native)
		h.native = nil
		runtime.SetFinalizer(h, nil)
	}
}
