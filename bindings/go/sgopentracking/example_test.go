package sgopentracking_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/sg-open-tracking/sg-open-tracking/bindings/go/sgopentracking"
)

func Example() {
	client, err := sgopentracking.NewClient(os.Getenv("SENDGRID_API_KEY"), sgopentracking.WithTimeout(10*time.Second))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()

	result, err := client.Update(context.Background(), false, sgopentracking.OnBehalfOf("news@example.com"))
	if err != nil {
		fmt.Println("not switched:", err)
		return
	}
	fmt.Println("enabled:", result.Enabled)
	// Output: enabled: false
}

func ExampleClient_Get() {
	client, err := sgopentracking.NewClient(os.Getenv("SENDGRID_API_KEY"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()

	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	_, err = client.Get(ctx, sgopentracking.OnBehalfOf("nobody"))
	var failure *sgopentracking.Error
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		fmt.Println("too slow")
	case errors.Is(err, sgopentracking.ErrNotFound):
		fmt.Println("no such account")
	case errors.As(err, &failure):
		fmt.Println(failure.Code.Name(), failure.HTTPStatus)
	}
	// Output: no such account
}

func ExampleUpdate() {
	result, err := sgopentracking.Update(context.Background(), os.Getenv("SENDGRID_API_KEY"), true)
	fmt.Println(result.Enabled, err)
	// Output: true <nil>
}
