package train

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// UntilInterrupt is a context that ends at the first Ctrl-C or SIGTERM, so that the loop of a Trainer comes to its end and the
// caller can save. The second one ends the program at once. The returned function gives the signals back.
func UntilInterrupt(parent context.Context) (context.Context, context.CancelFunc) {
	ctx, stop := signal.NotifyContext(parent, os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}
