package main

import (
	"fmt"
	"os"
)

// run loads a service, stops it amid that, and starts it again: so many requests each time. It may then
// have grown by so many KB.
func run(host string, requests int64, callers, growth int) error {
	if err := crowd(callers); err != nil {
		return err
	}
	var before, descriptorsBefore int
	for turn := 0; turn < 4; turn++ {
		s, err := start()
		if err != nil {
			return err
		}
		if err := load(s.url, requests); err != nil {
			return err
		}
		if err := gone(s, 200); err != nil {
			return err
		}
		if err := restart(s); err != nil {
			return err
		}
		if turn == 0 { // the first has warmed up
			before, descriptorsBefore = resident(), descriptors()
		}
	}
	after := resident()
	if after-before > growth {
		return fmt.Errorf("the resident set went from %d to %d KB", before, after)
	}
	if now := descriptors(); now > descriptorsBefore+4 {
		return fmt.Errorf("%d descriptors became %d", descriptorsBefore, now)
	}
	report(host, before, after)
	return nil
}

func main() {
	if err := run(os.Args[1], 1000, 10_000, 16*1024); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}
