//go:build go1.23

package sgopentracking_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"

	"github.com/sg-open-tracking/sg-open-tracking/bindings/go/sgopentracking"
)

func ExampleClient_Subusers() {
	client, err := sgopentracking.NewClient(os.Getenv("SENDGRID_API_KEY"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()

	for name, err := range client.Subusers(context.Background()) {
		fmt.Println(name, err)
		break
	}
	// Output: subuser-00001 <nil>
}

func ExampleClient_UpdateMany() {
	client, err := sgopentracking.NewClient(os.Getenv("SENDGRID_API_KEY"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()

	ctx := context.Background()
	for item, err := range client.UpdateMany(ctx, false, sgopentracking.NamesOf("subuser-00001", "nobody")) {
		switch {
		case err != nil:
			fmt.Println(errors.Is(err, sgopentracking.ErrPartial))
		case item.Err != nil:
			fmt.Println(item.Name, "failed:", errors.Is(item.Err, sgopentracking.ErrNotFound))
		}
	}
	// Output:
	// nobody failed: true
	// true
}

func ExampleClient_GetMany() {
	client, err := sgopentracking.NewClient(os.Getenv("SENDGRID_API_KEY"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()

	set := map[string]bool{"subuser-00001": true, "subuser-00002": true}
	read := 0
	for item, err := range client.GetMany(context.Background(), sgopentracking.NamesFrom(maps.Keys(set))) {
		if err != nil || item.Err != nil {
			fmt.Println(err, item.Err)
		}
		read++
	}
	fmt.Println(read)
	// Output: 2
}
