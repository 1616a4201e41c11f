package main

import "testing"

// The race detector remembers much of what it saw.
func TestUnderLoad(t *testing.T) {
	if err := run("go-race", 300, 1000, 256*1024); err != nil {
		t.Fatal(err)
	}
}
