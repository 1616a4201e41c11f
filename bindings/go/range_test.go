//go:build go1.23

package opentracking_test

import (
	"context"
	"fmt"
	"os"

	opentracking "github.com/sg-open-tracking/sg-open-tracking/bindings/go"
)

func ExampleClient_Subusers() {
	client, err := opentracking.NewClient(os.Getenv("SENDGRID_API_KEY"))
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
