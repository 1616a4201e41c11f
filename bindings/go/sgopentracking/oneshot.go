package sgopentracking

// #include "library.h"
import "C"

import (
	"context"
	"fmt"
	"strings"
)

// writtenFor is the version of the library that this package was written for.
const writtenFor = "1.0"

// Update makes one update with no set-up. It has a client and a connection of its own: for more than a
// few calls, make a Client.
func Update(ctx context.Context, key string, enabled bool, options ...Option) (Result, error) {
	return once(key, options, func(client *Client, options []CallOption) (Result, error) {
		return client.Update(ctx, enabled, options...)
	})
}

// Get makes one read with no set-up, as Update.
func Get(ctx context.Context, key string, options ...Option) (Result, error) {
	return once(key, options, func(client *Client, options []CallOption) (Result, error) {
		return client.Get(ctx, options...)
	})
}

// Version is the version of the native library.
func Version() string { return C.GoString(C.sg_version()) }

func once(key string, options []Option, run func(*Client, []CallOption) (Result, error)) (Result, error) {
	var ofClient []ClientOption
	var ofCall []CallOption
	for _, option := range options {
		switch option := option.(type) {
		case ClientOption:
			ofClient = append(ofClient, option)
		case CallOption:
			ofCall = append(ofCall, option)
		}
	}
	client, err := NewClient(key, ofClient...)
	if err != nil {
		return Result{}, err
	}
	defer client.Close()
	return run(client, ofCall)
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
