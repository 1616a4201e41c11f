package sgopentracking

// #include "library.h"
import "C"

import (
	"context"
	"fmt"
)

// The oldest version of the library that has all that this package uses.
const neededMajor, neededMinor = 1, 1

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

// checkVersion refuses a library that is older than the one that is needed, or of another major version.
func checkVersion(version string, neededMajor, neededMinor int) error {
	var major, minor int
	_, err := fmt.Sscanf(version, "%d.%d.", &major, &minor)
	if err != nil || major != neededMajor || minor < neededMinor {
		const needs = "libsg_open_tracking %s was found, and this package needs %d.%d or a later %[2]d.x: install one"
		return refused(fmt.Sprintf(needs, version, neededMajor, neededMinor))
	}
	return nil
}
