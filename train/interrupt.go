package train

import (
	"context"
	"os"
	"os/signal"
	"slices"
	"syscall"
)

// UntilInterrupt returns a context that is cancelled by Ctrl-C, SIGTERM or a closed terminal (SIGHUP). The loop of a Trainer then
// ends and the caller can save. A second Ctrl-C or SIGTERM ends the program at once. A second SIGHUP does not, because shells and
// terminals send it twice. Signals ignored at the start of the program, as under nohup, stay ignored. Until the returned function
// is called, writing to a closed pipe returns an error and does not end the program.
//
// The returned function restores the default signal handling.
func UntilInterrupt(parent context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(parent)
	ends, hangups := make(chan os.Signal, 1), make(chan os.Signal, 1)
	notify(ends, os.Interrupt, syscall.SIGTERM)
	notify(hangups, syscall.SIGHUP)
	pipes := SurvivePipes()
	go func() {
		select {
		case <-ends:
		case <-hangups:
		case <-ctx.Done():
		}
		signal.Stop(ends) // the next signal ends the program
		cancel()
	}()
	return ctx, func() {
		cancel()
		signal.Stop(ends)
		signal.Stop(hangups)
		pipes()
	}
}

// SurvivePipes makes writing to a closed pipe, as in `train 2>&1 | head`, return an error instead of ending the program. The
// returned function restores the default.
func SurvivePipes() context.CancelFunc {
	pipes := make(chan os.Signal, 1) // never read: more than one signal is dropped
	notify(pipes, syscall.SIGPIPE)
	return func() { signal.Stop(pipes) }
}

// notify relays the signals to c, except the ignored ones.
func notify(c chan<- os.Signal, signals ...os.Signal) {
	signals = slices.DeleteFunc(signals, signal.Ignored)
	if len(signals) > 0 { // Notify without signals relays all of them
		signal.Notify(c, signals...)
	}
}
