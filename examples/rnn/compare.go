package main

import (
	"fmt"
	"io"

	"github.com/gorgoformer/gorgoformer/examples/internal/flags"
	"github.com/gorgoformer/gorgoformer/train/mpi"
)

// compare trains every model on the task, or continues to, and reports the results. Models that are trained are only scored.
func (o *options) compare(w io.Writer) error {
	o.note()
	if err := flags.First(flags.Output("out", o.Out), o.check()); err != nil {
		return err
	}
	if err := o.resume(); err != nil {
		return err
	}
	t, err := o.load()
	if err != nil {
		return err
	}
	all, err := o.contenders(t.vocab, t.window)
	if err != nil {
		return err
	}
	var results []*result
	for _, c := range all {
		r, err := o.learn(t, c)
		if err != nil || o.stopped {
			return err
		}
		results = append(results, r)
	}
	if rank, _ := mpi.Launched(); o.Rehearses() || rank > 0 { // rank 0 reports
		return nil
	}
	return o.report(w, t, results)
}

// report prints the results, and saves them as CSV files and as a plot.
func (o *options) report(w io.Writer, t *task, results []*result) error {
	fmt.Fprintf(w, "\n%s: %s\n\n", o.name, t.about)
	printTable(w, t, results)
	printSpans(w, results)
	if err := o.saveTables(t, results); err != nil {
		return err
	}
	png := o.file(".png")
	if err := savePlot(png, t, results); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "\n%s\nThe plot is in %s, the figures are in the CSV files of the same folder.\n\n", findings(t, results), png)
	return err
}
