package sgopentracking

// #include "library.h"
import "C"

import (
	"os"
	"time"
)

// Code is what a call ended with: sg_code, value for value. It is an error itself, so that
// errors.Is(err, ErrTimeout) tells what an error was.
type Code int32

// The codes. OK is never the code of an error.
const (
	OK              Code = C.SG_OK
	ErrArgument     Code = C.SG_ERR_ARGUMENT     // a key, name, region or option was refused before anything was sent
	ErrCancelled    Code = C.SG_ERR_CANCELLED    // Cancel, Close or the context cut the call off
	ErrInternal     Code = C.SG_ERR_INTERNAL     // a bug in the library
	ErrPartial      Code = C.SG_ERR_PARTIAL      // of many accounts, at least one failed
	ErrDNS          Code = C.SG_ERR_DNS          // the host's name was not resolved
	ErrConnect      Code = C.SG_ERR_CONNECT      // the host took no connection
	ErrProxy        Code = C.SG_ERR_PROXY        // the proxy did not let the connection through
	ErrTLS          Code = C.SG_ERR_TLS          // the certificate was not trusted, or the handshake failed
	ErrTimeout      Code = C.SG_ERR_TIMEOUT      // the deadline passed, retries and waits included
	ErrIO           Code = C.SG_ERR_IO           // the connection broke during the call
	ErrProtocol     Code = C.SG_ERR_PROTOCOL     // the server's answer could not be understood
	ErrBadRequest   Code = C.SG_ERR_BAD_REQUEST  // 400, or another 4xx that has no code of its own
	ErrUnauthorized Code = C.SG_ERR_UNAUTHORIZED // 401: a wrong key, or one of another region
	ErrForbidden    Code = C.SG_ERR_FORBIDDEN    // 403: the key lacks a scope
	ErrNotFound     Code = C.SG_ERR_NOT_FOUND    // 404
	ErrRateLimited  Code = C.SG_ERR_RATE_LIMITED // 429, after the retries that the deadline allowed
	ErrServer       Code = C.SG_ERR_SERVER       // 5xx, after the retries that the deadline allowed
	ErrStatus       Code = C.SG_ERR_STATUS       // any other status, a redirect included: none is followed
	ErrNotApplied   Code = C.SG_ERR_NOT_APPLIED  // 200, but the server reports the other value
)

// names are the header's, for the codes that this package knows.
var names = map[Code]string{
	OK:              "SG_OK",
	ErrArgument:     "SG_ERR_ARGUMENT",
	ErrCancelled:    "SG_ERR_CANCELLED",
	ErrInternal:     "SG_ERR_INTERNAL",
	ErrPartial:      "SG_ERR_PARTIAL",
	ErrDNS:          "SG_ERR_DNS",
	ErrConnect:      "SG_ERR_CONNECT",
	ErrProxy:        "SG_ERR_PROXY",
	ErrTLS:          "SG_ERR_TLS",
	ErrTimeout:      "SG_ERR_TIMEOUT",
	ErrIO:           "SG_ERR_IO",
	ErrProtocol:     "SG_ERR_PROTOCOL",
	ErrBadRequest:   "SG_ERR_BAD_REQUEST",
	ErrUnauthorized: "SG_ERR_UNAUTHORIZED",
	ErrForbidden:    "SG_ERR_FORBIDDEN",
	ErrNotFound:     "SG_ERR_NOT_FOUND",
	ErrRateLimited:  "SG_ERR_RATE_LIMITED",
	ErrServer:       "SG_ERR_SERVER",
	ErrStatus:       "SG_ERR_STATUS",
	ErrNotApplied:   "SG_ERR_NOT_APPLIED",
}

// Error is what the code means, in one sentence.
func (c Code) Error() string { return C.GoString(C.sg_strerror(C.int32_t(c))) }

// Name is the code's name in the C header, such as "SG_ERR_TIMEOUT"; "" for one that this package
// does not know.
func (c Code) Name() string { return names[c] }

// IsConnection tells the family of errors in which there was no connection to the server, or it broke.
func (c Code) IsConnection() bool {
	switch c {
	case ErrDNS, ErrConnect, ErrProxy, ErrTLS, ErrIO:
		return true
	}
	return false
}

// IsAPI tells the family of errors in which the server answered, and the answer is not success.
func (c Code) IsAPI() bool {
	switch c {
	case ErrBadRequest, ErrUnauthorized, ErrForbidden, ErrNotFound, ErrRateLimited, ErrServer, ErrStatus, ErrNotApplied:
		return true
	}
	return false
}

// Error is a call that did not do what it was asked to. Every error of this package is one.
//
//	errors.Is(err, sgopentracking.ErrNotFound)   // what it was
//	errors.Is(err, context.Canceled)           // the context cut the call off; so with DeadlineExceeded
//	errors.Is(err, os.ErrDeadlineExceeded)     // the client's own timeout passed
//	var failure *sgopentracking.Error
//	errors.As(err, &failure)                   // all that is known of it
type Error struct {
	Code       Code
	HTTPStatus int           // of the last response; 0 if none arrived
	Attempts   int           // requests sent, the first included
	RetryAfter time.Duration // the wait that the server asked for; 0 if it named none
	Elapsed    time.Duration // how long the call took, waits included
	Enabled    *bool         // what the server reported; nil if that is unknown, as it is but for ErrNotApplied
	Message    string        // what happened and what to do; never holds the key

	closed bool
	cause  error // the context's, if that cut the call off
}

func (e *Error) Error() string { return "sgopentracking: " + e.Message }

// Is matches the error's code, and ErrClosed if the client was closed before the call.
func (e *Error) Is(target error) bool {
	if target == ErrClosed {
		return e.closed
	}
	code, isCode := target.(Code)
	return isCode && code == e.Code
}

// Unwrap is the error of the context that cut the call off, or os.ErrDeadlineExceeded if the client's
// own timeout passed.
func (e *Error) Unwrap() error {
	if e.cause == nil && e.Code == ErrTimeout {
		return os.ErrDeadlineExceeded
	}
	return e.cause
}

// Timeout reports whether the deadline passed, the client's or the context's.
func (e *Error) Timeout() bool { return e.Code == ErrTimeout }

// ErrClosed says that the client was closed before the call. Such an error is ErrArgument as well.
var ErrClosed error = &Error{Code: ErrArgument, Message: "the client is closed", closed: true}

func refused(why string) *Error { return &Error{Code: ErrArgument, Message: why} }

// check makes an error of a bare code; refusal says it for a refused argument.
func check(code C.sg_code, refusal string) error {
	switch Code(code) {
	case OK:
		return nil
	case ErrArgument:
		return refused(refusal)
	}
	return &Error{Code: Code(code), Message: Code(code).Error()}
}
