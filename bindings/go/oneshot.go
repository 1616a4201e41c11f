package opentracking

// #include <sg_open_tracking.h>
import "C"

import (
	"context"
	"fmt"
	"strings"
)

// writtenFor is the version of the library that this package was written for.
const writtenFor = "1.0"

// Update makes one update with no set-up and returns what the server reported. All such calls share
// one pool of connections, except those with a context that can end, which have one each. Their
// errors have a code and no details: for those, make a Client.
func Update(ctx context.Context, key string, enabled bool, region Region, options ...CallOption) (bool, error) {
	if ctx.Done() != nil {
		return withClient(key, region, func(client *Client) (Result, error) {
			return client.Update(ctx, enabled, options...)
		})
	}
	return oneCall(key, region, options, func(text, name *C.char, reported *C.bool) C.sg_code {
		return C.sg_open_tracking_update(text, C.bool(enabled), C.int32_t(region), name, reported)
	})
}

// Get makes one read with no set-up, as Update.
func Get(ctx context.Context, key string, region Region, options ...CallOption) (bool, error) {
	if ctx.Done() != nil {
		return withClient(key, region, func(client *Client) (Result, error) {
			return client.Get(ctx, options...)
		})
	}
	return oneCall(key, region, options, func(text, name *C.char, reported *C.bool) C.sg_code {
		return C.sg_open_tracking_get(text, C.int32_t(region), name, reported)
	})
}

// Version is the version of the native library.
func Version() string { return C.GoString(C.sg_version()) }

func withClient(key string, region Region, run func(*Client) (Result, error)) (bool, error) {
	client, err := NewClient(key, WithRegion(region))
	if err != nil {
		return false, err
	}
	defer client.Close()
	result, err := run(client)
	return result.Enabled, err
}

func oneCall(key string, region Region, options []CallOption, run func(text, name *C.char, reported *C.bool) C.sg_code) (bool, error) {
	if err := checkVersion(Version()); err != nil {
		return false, err
	}
	if err := checkRegion(region); err != nil {
		return false, err
	}
	text, free, err := cText("key", key)
	if err != nil {
		return false, err
	}
	defer free()
	name, freeName, err := new(call).name(options)
	if err != nil {
		return false, err
	}
	defer freeName()
	var reported C.bool
	err = check(run(text, name, &reported), keyRule+"; "+nameRule+"; "+urlRule)
	return bool(reported), err
}

// checkVersion refuses a library of another major version; before 1.0, of another minor version.
func checkVersion(version string) error {
	wanted := strings.Split(writtenFor, ".")
	if wanted[0] != "0" {
		wanted = wanted[:1]
	}
	if !strings.HasPrefix(version, strings.Join(wanted, ".")+".") {
		return refused(fmt.Sprintf("libsg_open_tracking %s was found, and this package was written for %s", version, writtenFor))
	}
	return nil
}
