package sgopentracking

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"
)

// occupied is a client whose only thread a call has, until that is ended.
func occupied(t *testing.T, timeout time.Duration) (client *Client, end func()) {
	t.Helper()
	client = open(t, WithMaxThreads(1), WithTimeout(timeout))
	origin := client.handle.turns.single
	silent, cancel := context.WithCancel(ctx)
	over := make(chan struct{})
	go func() {
		defer close(over)
		other, err := client.Derive(30 * time.Second)
		if err != nil {
			t.Error(err)
			return
		}
		defer other.Close()
		other.Get(silent, OnBehalfOf("fault-silent"))
	}()
	await(t, func() bool { return len(origin) == 1 })
	return client, func() { cancel(); <-over }
}

func await(t *testing.T, holds func() bool) {
	t.Helper()
	for started := time.Now(); !holds(); time.Sleep(time.Millisecond) {
		if time.Since(started) > 20*time.Second {
			t.Fatal("it did not happen")
		}
	}
}

// So many calls of so long can't be over sooner. How many threads they take is tried in a host.
func TestCallsAtOnceAreBounded(t *testing.T) {
	for _, test := range []struct {
		options []ClientOption
		limit   int
	}{{nil, 64}, {[]ClientOption{WithMaxThreads(4)}, 4}} {
		client := open(t, test.options...)
		started := time.Now()
		var calls sync.WaitGroup
		for number := 0; number < 10*test.limit; number++ {
			calls.Add(1)
			go func() {
				defer calls.Done()
				if _, err := client.Get(ctx, OnBehalfOf("fault-delay-50")); err != nil {
					t.Error(err)
				}
			}()
		}
		calls.Wait()
		if took := time.Since(started); took < 500*time.Millisecond {
			t.Errorf("%d calls, of which %d may run at once, took %v", 10*test.limit, test.limit, took)
		}
	}
}

func TestWaitCountsAgainstTheTimeout(t *testing.T) {
	client, end := occupied(t, 100*time.Millisecond)
	defer end()
	_, err := client.Get(ctx)
	var failure *Error
	if !errors.As(err, &failure) || failure.Code != ErrTimeout || failure.Attempts != 0 || failure.Elapsed < 100*time.Millisecond {
		t.Errorf("%+v", err)
	}

	client, end = occupied(t, 2*time.Second)
	time.AfterFunc(1500*time.Millisecond, end)
	_, err = client.Get(ctx, OnBehalfOf("fault-silent"))
	if !errors.As(err, &failure) || failure.Code != ErrTimeout || failure.Attempts != 1 || failure.Elapsed > 3300*time.Millisecond {
		t.Errorf("%+v", err) // with a whole timeout of its own after the wait, it takes 3.5 s
	}
}

func TestWaitIsCutOff(t *testing.T) {
	client, end := occupied(t, 30*time.Second)
	defer end()
	for _, test := range []struct {
		name  string
		cut   func(cancel context.CancelFunc)
		limit time.Duration
		cause error
	}{
		{"cancelled", func(cancel context.CancelFunc) { cancel() }, time.Minute, context.Canceled},
		{"deadline", func(context.CancelFunc) {}, 50 * time.Millisecond, context.DeadlineExceeded},
		{"client", func(context.CancelFunc) { client.Cancel() }, time.Minute, ErrCancelled},
	} {
		live, cancel := context.WithTimeout(ctx, test.limit)
		ended := make(chan error)
		go func() {
			_, err := client.Get(live)
			ended <- err
		}()
		await(t, func() bool {
			client.handle.mutex.Lock()
			defer client.handle.mutex.Unlock()
			return client.handle.calls == 1 || live.Err() != nil
		})
		started := time.Now()
		test.cut(cancel)
		if err := <-ended; !errors.Is(err, test.cause) {
			t.Error(test.name, err)
		}
		if took := time.Since(started); took > 10*time.Second {
			t.Error(test.name, took)
		}
		cancel()
	}
}
