package opentracking

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"os"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

var ctx = context.Background()

func open(t *testing.T, options ...Option) *Client {
	t.Helper()
	sandbox := []Option{
		WithBaseURL(os.Getenv("SANDBOX_URL")), WithCAFile(os.Getenv("SANDBOX_CA_FILE")), WithProxy(""), WithMaxRetries(0),
	}
	client, err := NewClient(os.Getenv("SANDBOX_KEY"), append(sandbox, options...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}

func TestResultTellsAllOfTheCall(t *testing.T) {
	result, err := open(t).Update(ctx, false)
	if err != nil || result.Elapsed <= 0 {
		t.Fatal(result, err)
	}
	result.Elapsed = 0
	if want := (Result{Enabled: false, HTTPStatus: 200, Attempts: 1}); result != want {
		t.Errorf("%+v, not %+v", result, want)
	}
}

func TestErrorTellsAllOfTheCall(t *testing.T) {
	_, err := open(t).Update(ctx, false, OnBehalfOf("fault-not-applied"))
	var failure *Error
	if !errors.As(err, &failure) {
		t.Fatal(err)
	}
	if failure.Code != ErrNotApplied || failure.HTTPStatus != 200 || failure.Attempts != 1 || !failure.Enabled || failure.Elapsed <= 0 {
		t.Errorf("%+v", failure)
	}
	if !errors.Is(err, ErrNotApplied) || errors.Is(err, ErrServer) || errors.Is(err, ErrClosed) || errors.Is(err, context.Canceled) {
		t.Error("errors.Is takes it for something else")
	}
	if !strings.HasPrefix(fmt.Sprintf("%v", fmt.Errorf("wrapped: %w", err)), "wrapped: sg_open_tracking: the server answered 200") {
		t.Error(err)
	}
}

func TestTimeoutIsANetError(t *testing.T) {
	_, err := open(t, WithTimeout(100*time.Millisecond)).Get(ctx, OnBehalfOf("fault-silent"))
	var timeout net.Error
	if !errors.As(err, &timeout) || !timeout.Timeout() || !errors.Is(err, ErrTimeout) {
		t.Error(err)
	}
	if errors.Is(err, context.DeadlineExceeded) {
		t.Error("the client's own deadline is taken for a context's")
	}
}

func TestFamilies(t *testing.T) {
	connection := []Code{ErrDNS, ErrConnect, ErrProxy, ErrTLS, ErrIO}
	api := []Code{ErrBadRequest, ErrUnauthorized, ErrForbidden, ErrNotFound, ErrRateLimited, ErrServer, ErrStatus, ErrNotApplied}
	rest := []Code{OK, ErrArgument, ErrCancelled, ErrInternal, ErrPartial, ErrTimeout, ErrProtocol}
	if got := len(connection) + len(api) + len(rest); got != len(names) {
		t.Errorf("%d codes have a family or none, of %d", got, len(names))
	}
	for _, code := range connection {
		if !code.IsConnection() || code.IsAPI() {
			t.Error(code.Name())
		}
	}
	for _, code := range api {
		if code.IsConnection() || !code.IsAPI() {
			t.Error(code.Name())
		}
	}
	for _, code := range rest {
		if code.IsConnection() || code.IsAPI() {
			t.Error(code.Name())
		}
	}
	if Code(99).Name() != "" || Code(99).Error() != "unknown code" {
		t.Error("the code of a newer library")
	}
}

func TestContextThatHasEndedSendsNothing(t *testing.T) {
	client := open(t)
	ended, end := context.WithCancel(ctx)
	end()
	late, endLate := context.WithDeadline(ctx, time.Now().Add(-time.Second))
	defer endLate()
	for _, test := range []struct {
		ctx   context.Context
		code  Code
		cause error
	}{{ended, ErrCancelled, context.Canceled}, {late, ErrTimeout, context.DeadlineExceeded}} {
		_, err := client.Get(test.ctx)
		if !errors.Is(err, test.code) || !errors.Is(err, test.cause) {
			t.Error(err)
		}
		_, err = Get(test.ctx, os.Getenv("SANDBOX_KEY"), Global)
		if !errors.Is(err, test.code) || !errors.Is(err, test.cause) {
			t.Error(err)
		}
	}
}

func TestOneShotCallsWithAContext(t *testing.T) {
	live, end := context.WithTimeout(ctx, 20*time.Second)
	defer end()
	key, name := os.Getenv("SANDBOX_KEY"), OnBehalfOf("subuser-00009")
	if enabled, err := Update(live, key, false, Global, name); enabled || err != nil {
		t.Error(enabled, err)
	}
	if enabled, err := Get(live, key, Global, name); enabled || err != nil {
		t.Error(enabled, err)
	}
}

// What goroutines do at once with one client is for the race detector to judge.
func TestCallsCancelsAndClosesAtOnce(t *testing.T) {
	client := open(t, WithTimeout(20*time.Second))
	var workers sync.WaitGroup
	for number := 0; number < 8; number++ {
		workers.Add(1)
		go func(number int) {
			defer workers.Done()
			live, end := context.WithCancel(ctx)
			defer end()
			for turn := 0; turn < 20; turn++ {
				derived, err := client.Derive(time.Second)
				if err == nil {
					derived.Get(live)
					_ = derived.String()
					derived.Close()
				}
				client.Get(live)
				client.Update(ctx, true)
			}
			if number == 0 {
				client.Cancel()
				client.Close()
			}
		}(number)
	}
	workers.Wait()
	if _, err := client.Get(ctx); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
	if text := fmt.Sprint(client); text != "opentracking.Client(global, closed)" {
		t.Error(text)
	}
}

// A client holds a connection after its call; when nobody holds the client, that is closed.
func TestForgottenClientsAreFreed(t *testing.T) {
	descriptors := func() int {
		entries, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		return len(entries)
	}
	before := descriptors()
	func() {
		client, err := NewClient(os.Getenv("SANDBOX_KEY"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := client.Get(ctx); err != nil {
			t.Fatal(err)
		}
	}()
	if descriptors() <= before {
		t.Fatal("the client holds no connection")
	}
	for started := time.Now(); descriptors() > before; runtime.GC() {
		if time.Since(started) > 10*time.Second {
			t.Fatal("the connection is still open")
		}
	}
}

func TestManyNames(t *testing.T) {
	client := open(t)
	var failures []error
	collect := func(_ int, _ Result, err error) bool { failures = append(failures, err); return true }
	if err := client.GetMany(ctx, nil, collect); err != nil || failures != nil {
		t.Error(err, failures)
	}
	err := client.GetMany(ctx, []string{"a\x00b", ""}, collect)
	if !errors.Is(err, ErrPartial) || !errors.Is(failures[0], ErrArgument) || !errors.Is(failures[1], ErrArgument) {
		t.Error(err, failures)
	}
	hasty, end := context.WithTimeout(ctx, 100*time.Millisecond)
	defer end()
	if err := client.UpdateMany(hasty, true, []string{"fault-silent"}, nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	client.Close()
	if err := client.GetMany(ctx, nil, nil); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
}

func TestSubusersOfAKeyThatMayNotListThem(t *testing.T) {
	client, err := NewClient(os.Getenv("SANDBOX_READ_KEY"))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	var failures []error
	client.Subusers(ctx)(func(_ string, err error) bool { failures = append(failures, err); return true })
	var failure *Error
	if len(failures) != 1 || !errors.As(failures[0], &failure) || failure.HTTPStatus != 403 {
		t.Error(failures)
	}
}

func TestPanicOfACallbackReachesTheCaller(t *testing.T) {
	client := open(t)
	defer func() {
		if caught := recover(); caught != "enough" {
			t.Error(caught)
		}
		if _, err := client.Get(ctx); err != nil {
			t.Error(err)
		}
	}()
	client.GetMany(ctx, []string{"subuser-00001", "subuser-00002"}, func(int, Result, error) bool { panic("enough") })
}

func TestArguments(t *testing.T) {
	for name, option := range map[string]Option{
		"timeout":             WithTimeout(-time.Nanosecond),
		"connect_timeout":     WithConnectTimeout((math.MaxUint32 + 1) * time.Millisecond),
		"max_retries":         WithMaxRetries(-1),
		"max_connections":     WithMaxConnections(math.MaxUint32 + 2),
		"requests_per_minute": WithRequestsPerMinute(-1),
		"region":              WithRegion(2),
		"base_url":            WithBaseURL("ftp://localhost"),
	} {
		if _, err := NewClient("SG.key", option); !errors.Is(err, ErrArgument) || !strings.Contains(err.Error(), name) {
			t.Error(name, err)
		}
	}
	client := open(t, WithTimeout(time.Nanosecond)) // up to 1 ms
	for _, timeout := range []time.Duration{-1, math.MaxInt64} {
		if _, err := client.Derive(timeout); !errors.Is(err, ErrArgument) {
			t.Error(timeout, err)
		}
	}
}

func TestVersions(t *testing.T) {
	manifest, err := os.ReadFile("../../Cargo.toml")
	if err != nil {
		t.Fatal(err)
	}
	version := regexp.MustCompile(`(?m)^version = "(.+)"`).FindSubmatch(manifest)
	if Version() != string(version[1]) || checkVersion(Version()) != nil {
		t.Errorf("%s, not %s, or not %s", Version(), version[1], writtenFor)
	}
	for _, other := range []string{"0.1.0", "2.0.0", "10.1.0"} {
		if err := checkVersion(other); !errors.Is(err, ErrArgument) || !strings.Contains(err.Error(), other) {
			t.Error(other, err)
		}
	}
}
