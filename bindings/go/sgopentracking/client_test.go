package sgopentracking

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

func open(t *testing.T, options ...ClientOption) *Client {
	t.Helper()
	return openWith(t, "SANDBOX_KEY", options...)
}

func openWith(t *testing.T, key string, options ...ClientOption) *Client {
	t.Helper()
	sandbox := []ClientOption{
		WithBaseURL(os.Getenv("SANDBOX_URL")), WithCAFile(os.Getenv("SANDBOX_CA_FILE")), WithProxy(""), WithMaxRetries(0),
	}
	client, err := NewClient(os.Getenv(key), append(sandbox, options...)...)
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
	if failure.Code != ErrNotApplied || failure.HTTPStatus != 200 || failure.Attempts != 1 || failure.Elapsed <= 0 {
		t.Errorf("%+v", failure)
	}
	if failure.Enabled == nil || !*failure.Enabled {
		t.Error("the server reported that it is on")
	}
	if !errors.Is(err, ErrNotApplied) || errors.Is(err, ErrServer) || errors.Is(err, ErrClosed) || errors.Is(err, context.Canceled) {
		t.Error("errors.Is takes it for something else")
	}
	if !strings.HasPrefix(fmt.Sprintf("%v", fmt.Errorf("wrapped: %w", err)), "wrapped: sgopentracking: the server answered 200") {
		t.Error(err)
	}
}

func TestErrorThatDoesNotKnowHowItStands(t *testing.T) {
	_, err := open(t).Get(ctx, OnBehalfOf("nobody"))
	var failure *Error
	if !errors.As(err, &failure) || failure.HTTPStatus != 404 || failure.Enabled != nil {
		t.Errorf("%+v", err)
	}
}

func TestTimeoutIsANetError(t *testing.T) {
	_, err := open(t, WithTimeout(100*time.Millisecond)).Get(ctx, OnBehalfOf("fault-silent"))
	var timeout net.Error
	if !errors.As(err, &timeout) || !timeout.Timeout() || !errors.Is(err, ErrTimeout) {
		t.Error(err)
	}
	if !errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded) {
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
		_, err = Get(test.ctx, os.Getenv("SANDBOX_KEY"))
		if !errors.Is(err, test.code) || !errors.Is(err, test.cause) {
			t.Error(err)
		}
	}
}

func TestOneShotCalls(t *testing.T) {
	live, end := context.WithTimeout(ctx, 20*time.Second)
	defer end()
	key, name := os.Getenv("SANDBOX_KEY"), OnBehalfOf("subuser-00009")
	if result, err := Update(live, key, false, name); err != nil || result.Enabled || result.HTTPStatus != 200 {
		t.Error(result, err)
	}
	if result, err := Get(ctx, key, name, WithTimeout(20*time.Second), WithRegion(Global)); err != nil || result.Enabled {
		t.Error(result, err)
	}
}

func TestOneShotCallsHeedOptionsAndTellAllOfAnError(t *testing.T) {
	key := os.Getenv("SANDBOX_KEY")
	_, err := Get(ctx, key, OnBehalfOf("fault-status-429-retry-after-60"), WithMaxRetries(0))
	var failure *Error
	if !errors.As(err, &failure) || failure.Code != ErrRateLimited || failure.HTTPStatus != 429 || failure.Attempts != 1 ||
		failure.RetryAfter != time.Minute || failure.Elapsed <= 0 {
		t.Errorf("%+v", err)
	}
	if _, err := Update(ctx, key, false, OnBehalfOf("fault-silent"), WithTimeout(50*time.Millisecond)); !errors.Is(err, ErrTimeout) {
		t.Error(err)
	}
	if _, err := Get(ctx, key, WithCAFile(os.Getenv("CONFORMANCE_OTHER_CA_FILE")), WithMaxRetries(0)); !errors.Is(err, ErrTLS) {
		t.Error(err)
	}
	if _, err := Get(ctx, key, WithProxy("http://127.0.0.1:1"), WithMaxRetries(0)); !errors.Is(err, ErrProxy) {
		t.Error(err)
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
	if text := fmt.Sprint(client); text != "sgopentracking.Client(global, closed)" {
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

// A copy is no second owner: it is the same client, which is freed once.
func TestCopiedClients(t *testing.T) {
	client := open(t)
	copied := *client
	if _, err := copied.Get(ctx); err != nil {
		t.Error(err)
	}
	client.Close()
	client = nil
	runtime.GC()
	if _, err := copied.Get(ctx); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
	copied.Close()

	var none Client
	if _, err := none.Get(ctx); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
	none.Cancel()
	none.Close()
}

func TestArguments(t *testing.T) {
	for name, option := range map[string]ClientOption{
		"timeout":             WithTimeout(-time.Nanosecond),
		"connect_timeout":     WithConnectTimeout((math.MaxUint32 + 1) * time.Millisecond),
		"max_retries":         WithMaxRetries(-1),
		"max_connections":     WithMaxConnections(math.MaxUint32 + 2),
		"requests_per_minute": WithRequestsPerMinute(-1),
		"max_threads":         WithMaxThreads(0),
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
	manifest, err := os.ReadFile("../../../Cargo.toml")
	if err != nil {
		t.Fatal(err)
	}
	version := regexp.MustCompile(`(?m)^version = "(.+)"`).FindSubmatch(manifest)
	if Version() != string(version[1]) {
		t.Errorf("%s, not %s", Version(), version[1])
	}
	for _, fits := range []string{"1.2.0", "1.2.7", "1.3.0", "1.10.0"} {
		if err := checkVersion(fits, 1, 2); err != nil {
			t.Error(fits, err)
		}
	}
	for _, doesNot := range []string{"0.2.0", "1.1.9", "2.0.0", "2.2.0", "10.2.0"} {
		needs := "libsg_open_tracking " + doesNot + " was found, and this package needs 1.2 or a later 1.x: "
		if err := checkVersion(doesNot, 1, 2); !errors.Is(err, ErrArgument) || !strings.Contains(err.Error(), needs) {
			t.Error(doesNot, err)
		}
	}
}
