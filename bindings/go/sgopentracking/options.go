package sgopentracking

// #include <stdlib.h>
// #include <string.h>
// #include "library.h"
// void sgGoOnLog(void *context, int32_t level, const char *line);
import "C"

import (
	"fmt"
	"math"
	"strings"
	"time"
	"unsafe"
)

// Region is where the account lives. A key of one region does not work in the other.
type Region int32

// The regions.
const (
	Global Region = C.SG_REGION_GLOBAL
	EU     Region = C.SG_REGION_EU
)

// String is "global" or "eu".
func (r Region) String() string {
	switch r {
	case Global:
		return "global"
	case EU:
		return "eu"
	}
	return fmt.Sprintf("Region(%d)", int32(r))
}

const (
	keyRule = "key must be 1 to 512 characters of visible ASCII, with no space"
	urlRule = "SG_OPEN_TRACKING_BASE_URL, if set, what WithBaseURL takes"
)

// Option is an option of Update and Get without a client: a ClientOption or a CallOption.
type Option interface{ isOption() }

// ClientOption is an option of a client; NewClient reports one that is refused.
type ClientOption func(*settings) error

func (ClientOption) isOption() {}

// settings is what the options of a client add up to, while it is made.
type settings struct {
	config  *C.sg_config
	region  Region
	timeout time.Duration
	turns   *turns
	logger  Logger
}

// WithRegion says where the account lives. Default Global.
func WithRegion(region Region) ClientOption {
	return func(s *settings) error {
		s.region = region
		return checkRegion(region)
	}
}

// WithTimeout bounds a whole call, retries and waits included. Default 30 s; 1 ms to 49 days.
func WithTimeout(timeout time.Duration) ClientOption {
	return func(s *settings) error {
		ms, err := milliseconds("timeout", timeout)
		if err != nil {
			return err
		}
		s.timeout = timeout
		return check(C.sg_config_set_timeout_ms(s.config, ms), "timeout was refused")
	}
}

// WithConnectTimeout bounds the part of a call that connects. Default 10 s; 1 ms to 49 days.
func WithConnectTimeout(timeout time.Duration) ClientOption {
	return func(s *settings) error {
		ms, err := milliseconds("connect_timeout", timeout)
		if err != nil {
			return err
		}
		return check(C.sg_config_set_connect_timeout_ms(s.config, ms), "connect_timeout was refused")
	}
}

// WithMaxRetries sets how often a request is repeated after a lost connection, 429 or 5xx. Default 2.
func WithMaxRetries(retries int) ClientOption {
	return func(s *settings) error {
		n, err := count("max_retries", retries)
		if err != nil {
			return err
		}
		return check(C.sg_config_set_max_retries(s.config, n), "max_retries was refused")
	}
}

// WithMaxConnections sets how many connections are kept open. Default 8; 1 to 1024.
func WithMaxConnections(connections int) ClientOption {
	return func(s *settings) error {
		n, err := count("max_connections", connections)
		if err != nil {
			return err
		}
		return check(C.sg_config_set_max_connections(s.config, n), "max_connections must be 1 to 1024")
	}
}

// WithRequestsPerMinute caps the client. 0, the default, leaves the pace to the server.
func WithRequestsPerMinute(requests int) ClientOption {
	return func(s *settings) error {
		n, err := count("requests_per_minute", requests)
		if err != nil {
			return err
		}
		return check(C.sg_config_set_requests_per_minute(s.config, n), "requests_per_minute was refused")
	}
}

// WithMaxThreads sets how many calls of the client, and of those derived from it, hold a thread at once;
// the others wait, which counts against their timeout. Calls for many are counted apart, as many again.
// Default 64, which all clients without this option share; 1 to 1024.
func WithMaxThreads(threads int) ClientOption {
	return func(s *settings) error {
		if threads < 1 || threads > 1024 {
			return refused("max_threads must be 1 to 1024")
		}
		s.turns = newTurns(threads)
		return nil
	}
}

// WithBaseURL names another place for the service: https, or http on a loopback address.
func WithBaseURL(url string) ClientOption {
	return func(s *settings) error {
		return withText("base_url", url, "an https URL, or http on a loopback address", func(text *C.char) C.sg_code {
			return C.sg_config_set_base_url(s.config, text)
		})
	}
}

// WithProxy names a proxy by its URL; "" is none. Default: as the environment says.
func WithProxy(url string) ClientOption {
	return func(s *settings) error {
		return withText("proxy", url, `the URL of a proxy, or "" for none`, func(text *C.char) C.sg_code {
			return C.sg_config_set_proxy(s.config, text)
		})
	}
}

// WithCAFile names a PEM file of authorities, which replaces the system's trust store.
func WithCAFile(path string) ClientOption {
	return func(s *settings) error {
		return withText("ca_file", path, "a readable file of PEM certificates", func(text *C.char) C.sg_code {
			return C.sg_config_set_ca_file(s.config, text)
		})
	}
}

// WithUserAgent is appended to the library's own.
func WithUserAgent(product string) ClientOption {
	return func(s *settings) error {
		return withText("user_agent", product, "1 to 256 characters of printable ASCII", func(text *C.char) C.sg_code {
			return C.sg_config_set_user_agent(s.config, text)
		})
	}
}

// WithLogger has what each call does told by a logger, such as a *slog.Logger, at the levels that it has
// enabled when the client is made. Default none.
func WithLogger(logger Logger) ClientOption {
	return func(s *settings) error {
		level := 0
		if logger != nil {
			level = levelOf(logger)
		}
		if level == 0 {
			s.logger = nil
			return check(C.sg_config_set_log(s.config, C.SG_LOG_ERROR, nil, nil), "logger was refused")
		}
		s.logger = logger
		return check(C.sg_config_set_log(s.config, C.int32_t(level), C.sg_on_log(C.sgGoOnLog), nil), "logger was refused")
	}
}

// CallOption is an option of one call.
type CallOption func(*callSettings)

func (CallOption) isOption() {}

type callSettings struct{ onBehalfOf *string }

// OnBehalfOf makes a call for a subuser, by its username, or for a customer account, by
// "account-id ID"; without it, the account is the one that the key belongs to. An empty name is
// refused, lest it be taken for that.
func OnBehalfOf(name string) CallOption {
	return func(s *callSettings) { s.onBehalfOf = &name }
}

// nameOf lends a call's name to C: nil for the key's own account.
func nameOf(options []CallOption) (text *C.char, free func(), err error) {
	var s callSettings
	for _, option := range options {
		option(&s)
	}
	if s.onBehalfOf == nil {
		return nil, func() {}, nil
	}
	return cText("on_behalf_of", *s.onBehalfOf)
}

// cText lends a Go string to C. It is wiped when freed, since it may be a key.
func cText(name, value string) (text *C.char, free func(), err error) {
	if strings.ContainsRune(value, 0) {
		return nil, func() {}, refused(name + " must not hold a NUL")
	}
	text = C.CString(value)
	return text, func() {
		C.memset(unsafe.Pointer(text), 0, C.size_t(len(value)))
		C.free(unsafe.Pointer(text))
	}, nil
}

func withText(name, value, allowed string, set func(*C.char) C.sg_code) error {
	text, free, err := cText(name, value)
	if err != nil {
		return err
	}
	defer free()
	return check(set(text), name+" must be "+allowed)
}

// milliseconds rounds up: 0 would mean something else.
func milliseconds(name string, timeout time.Duration) (C.uint32_t, error) {
	ms := timeout / time.Millisecond
	if timeout%time.Millisecond > 0 {
		ms++
	}
	if timeout <= 0 || ms > math.MaxUint32 {
		return 0, refused(fmt.Sprintf("%s must be more than 0 and at most %d ms", name, uint32(math.MaxUint32)))
	}
	return C.uint32_t(ms), nil
}

func count(name string, value int) (C.uint32_t, error) {
	if value < 0 || int64(value) > math.MaxUint32 {
		return 0, refused(fmt.Sprintf("%s must be 0 to %d", name, uint32(math.MaxUint32)))
	}
	return C.uint32_t(value), nil
}

func checkRegion(region Region) error {
	if region != Global && region != EU {
		return refused("region must be Global or EU")
	}
	return nil
}
