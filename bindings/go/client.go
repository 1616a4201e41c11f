// Package opentracking switches SendGrid's open tracking on or off.
//
//	client, err := opentracking.NewClient(key)
//	if err != nil {
//		return err
//	}
//	defer client.Close()
//	_, err = client.Update(ctx, false, opentracking.OnBehalfOf("news@example.com"))
//
// A Client may be used by any number of goroutines at once; every call ends within the client's
// timeout, and when its context does. Every error is an *Error. The package links with
// libsg_open_tracking by cgo.
package opentracking

// #cgo pkg-config: sg_open_tracking
// #include <sg_open_tracking.h>
import "C"

import (
	"context"
	"errors"
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

// Client is one key, one region, one pool of connections, for any number of goroutines.
type Client struct {
	region  Region
	timeout time.Duration

	mutex     sync.Mutex
	native    *C.sg_client // nil once it is freed
	calls     int          // that are under way
	closed    bool
	cancelled bool
	aside     map[*Client]struct{} // each derived for one call with a context
}

// NewClient makes a client. It opens no connection yet.
func NewClient(key string, options ...Option) (*Client, error) {
	if err := checkVersion(Version()); err != nil {
		return nil, err
	}
	s := settings{config: C.sg_config_new(), region: Global, timeout: 30 * time.Second}
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
	return own(native, s.region, s.timeout), nil
}

// Update switches open tracking on or off.
func (c *Client) Update(ctx context.Context, enabled bool, options ...CallOption) (Result, error) {
	return c.call(ctx, options, func(client *C.sg_client, name *C.char, raw *C.sg_result) {
		C.sg_client_update(client, C.bool(enabled), name, raw)
	})
}

// Get reads whether open tracking is on.
func (c *Client) Get(ctx context.Context, options ...CallOption) (Result, error) {
	return c.call(ctx, options, func(client *C.sg_client, name *C.char, raw *C.sg_result) {
		C.sg_client_get(client, name, raw)
	})
}

// Derive makes a client that shares this one's key and connections but has its own timeout (0: the
// same), its own Cancel and its own Close. It is cheap. A call that a context is to cut off needs
// none.
func (c *Client) Derive(timeout time.Duration) (*Client, error) {
	var ms C.uint32_t
	if timeout == 0 {
		timeout = c.timeout
	} else {
		var err error
		if ms, err = milliseconds("timeout", timeout); err != nil {
			return nil, err
		}
	}
	origin, err := c.borrow()
	if err != nil {
		return nil, err
	}
	defer c.giveBack()
	var native *C.sg_client
	if err := check(C.sg_client_derive(origin, ms, &native), "timeout was refused"); err != nil {
		return nil, err
	}
	return own(native, c.region, timeout), nil
}

// Cancel cuts off this client's calls, those in flight and any later one, with ErrCancelled. It does
// not wait. Derived clients go on.
func (c *Client) Cancel() {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.cancelled = true
	C.sg_client_cancel(c.native)
	for aside := range c.aside {
		aside.Cancel()
	}
}

// Close cancels what is in flight and gives the client up; later calls return ErrClosed. It does not
// wait: the last call to end frees what the client held. Closing twice does no harm. The error is
// nil. A client that is only forgotten is freed when it is collected.
func (c *Client) Close() error {
	c.Cancel()
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.closed = true
	c.freeIfUnused()
	return nil
}

// String says the region; never the key.
func (c *Client) String() string {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.closed {
		return fmt.Sprintf("opentracking.Client(%s, closed)", c.region)
	}
	return fmt.Sprintf("opentracking.Client(%s)", c.region)
}

// GoString is String.
func (c *Client) GoString() string { return c.String() }

func own(native *C.sg_client, region Region, timeout time.Duration) *Client {
	c := &Client{region: region, timeout: timeout, native: native, aside: make(map[*Client]struct{})}
	runtime.SetFinalizer(c, func(c *Client) { c.Close() })
	return c
}

// borrow lends the native client, which is not freed until it is given back.
func (c *Client) borrow() (*C.sg_client, error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.closed {
		return nil, ErrClosed
	}
	c.calls++
	return c.native, nil
}

func (c *Client) giveBack() {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.calls--
	c.freeIfUnused()
}

func (c *Client) freeIfUnused() {
	if c.closed && c.calls == 0 && c.native != nil {
		C.sg_client_free(c.native)
		c.native = nil
		runtime.SetFinalizer(c, nil)
	}
}

type function func(client *C.sg_client, name *C.char, raw *C.sg_result)

func (c *Client) call(ctx context.Context, options []CallOption, run function) (Result, error) {
	if ctx.Done() != nil {
		return c.callUntil(ctx, options, run)
	}
	name, free, err := new(call).name(options)
	if err != nil {
		return Result{}, err
	}
	defer free()
	client, err := c.borrow()
	if err != nil {
		return Result{}, err
	}
	defer c.giveBack()
	var raw C.sg_result
	run(client, name, &raw)
	return resultOf(&raw)
}

// callUntil makes a call on a client derived for it alone, which ends with the context.
func (c *Client) callUntil(ctx context.Context, options []CallOption, run function) (Result, error) {
	timeout, hurried := c.timeout, false
	if deadline, ok := ctx.Deadline(); ok {
		if left := time.Until(deadline); left < timeout {
			timeout, hurried = left, true
		}
	}
	if ctx.Err() == nil && timeout <= 0 { // it passed just now
		return Result{}, endedBy(context.DeadlineExceeded, &Error{})
	}
	one, letGo, err := c.forOneCall(ctx, timeout)
	if err != nil {
		return Result{}, err
	}
	defer letGo()
	result, err := one.call(context.Background(), options, run)
	if hurried && errors.Is(err, ErrTimeout) {
		return result, endedBy(context.DeadlineExceeded, err.(*Error))
	}
	return result, becauseOf(ctx, err)
}

// forOneCall derives a client for one call alone, and cancels it when the context ends. This client's
// Cancel and Close reach it until it is let go.
func (c *Client) forOneCall(ctx context.Context, timeout time.Duration) (one *Client, letGo func(), err error) {
	if ctx.Err() != nil {
		return nil, nil, endedBy(ctx.Err(), &Error{})
	}
	if one, err = c.Derive(timeout); err != nil {
		return nil, nil, err
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.aside[one] = struct{}{}
	if c.cancelled {
		one.Cancel()
	}
	forgo := afterEnd(ctx, one.Cancel)
	return one, func() {
		forgo()
		c.mutex.Lock()
		defer c.mutex.Unlock()
		delete(c.aside, one)
		one.Close()
	}, nil
}

// becauseOf names the context as the cause if it has cut the call off.
func becauseOf(ctx context.Context, err error) error {
	if ctx.Err() != nil && errors.Is(err, ErrCancelled) {
		return endedBy(ctx.Err(), err.(*Error))
	}
	return err
}

// endedBy says that a context ended a call, and keeps what else is known of it.
func endedBy(cause error, failure *Error) *Error {
	failure.Code = ErrCancelled
	if errors.Is(cause, context.DeadlineExceeded) {
		failure.Code = ErrTimeout
	}
	failure.cause = cause
	failure.Message = "the call was cut off: " + cause.Error()
	return failure
}

func resultOf(raw *C.sg_result) (Result, error) {
	var retryAfter time.Duration
	if raw.retry_after_ms > 0 {
		retryAfter = time.Duration(raw.retry_after_ms) * time.Millisecond
	}
	result := Result{
		Enabled:    bool(raw.enabled),
		HTTPStatus: int(raw.http_status),
		Attempts:   int(raw.attempts),
		RetryAfter: retryAfter,
		Elapsed:    time.Duration(raw.elapsed_us) * time.Microsecond,
	}
	if Code(raw.code) == OK {
		return result, nil
	}
	return Result{}, &Error{
		Code:       Code(raw.code),
		HTTPStatus: result.HTTPStatus,
		Attempts:   result.Attempts,
		RetryAfter: result.RetryAfter,
		Elapsed:    result.Elapsed,
		Enabled:    result.Enabled,
		Message:    C.GoString(&raw.message[0]),
	}
}
