package train

import (
	"context"
	"os"
	"os/signal"
	"slices"
	"syscall"
)

// UntilInterrupt returns a context that is cancelled by Ctrl-C, SIGTERM or a closed terminal (SIGHUP), so that the loop of a Trainer
// ends and the caller can save. A second Ctrl-C or SIGTERM ends the program at once; a second SIGHUP does not, because shells and
// terminals send it twice. Signals that the program was started to ignore, as by nohup, stay ignored. Until the returned function
// is called, writing to a closed pipe is an error and no longer ends the program.
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
		signal.Stop(ends) // the next one ends the program
		cancel()
	}()
	return ctx, func() {
		cancel()
		signal.Stop(ends)
		signal.Stop(hangups)
		pipes()
	}
}

// SurvivePipes makes writing to a closed pipe, such as that of a program `train 2>&1 | head`, an error instead of the end of the
// program. The returned function restores the default.
func SurvivePipes() context.CancelFunc {
	pipes := make(chan os.Signal, 1) // never read: more than one signal is dropped
	notify(pipes, syscall.SIGPIPE)
	return func() { signal.Stop(pipes) }
}

// notify relays the signals that are not ignored.
func notify(c chan<- os.Signal, signals ...os.Signal) {
	signals = slices.DeleteFunc(signals, signal.Ignored)
	if len(signals) > 0 { // none would mean all
		signal.Notify(c, signals...)
	}
}
