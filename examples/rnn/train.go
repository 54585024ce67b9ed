package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pkg/errors"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"github.com/gorgoformer/gorgoformer/examples/internal/flags"
	"github.com/gorgoformer/gorgoformer/examples/internal/inside"
	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/layers/generate"
	"github.com/gorgoformer/gorgoformer/train"
	"github.com/gorgoformer/gorgoformer/train/job"
)

// learn trains a model on a task and scores it. The result is nil if the run was interrupted or only planned.
func (o *options) learn(t *task, c contender) (r *result, err error) {
	own, err := o.of(c)
	if err != nil {
		return nil, err
	}
	run, err := job.Open(&own.Options, own.program())
	if err != nil {
		return nil, err
	}
	defer run.Close()
	m := &model{options: own, task: t, contender: c}
	if err := m.build(run); err != nil {
		return nil, err
	}
	if err := run.Start(m.setup); err != nil {
		return nil, err
	}
	for s, err := range m.setup.Trainer.Steps(run.Context(), m.setup.Batches) {
		if err != nil {
			return nil, err
		}
		run.Step(s)
		if run.SampleDue() {
			text, err := m.sample(s.Step / own.SampleEvery)
			if err != nil {
				return nil, err
			}
			run.Sample(text)
		}
		if run.Due() && run.Save(run.Evaluate()) {
			break
		}
	}
	finished, err := run.Finish()
	if err != nil || !finished {
		o.stopped = !o.DryRun
		return nil, err
	}
	return m.result()
}

// model is a contender in training.
type model struct {
	*options
	*task
	contender
	params *graph.Params
	setup  job.Setup
}

// build makes the Programs and the Trainer.
func (m *model) build(run *job.Run) error {
	loss := m.model.Loss(m.rows, m.length)
	m.params = m.Params()
	if err := run.Require(func(mode graph.Mode) (graph.Requirements, error) { return graph.Estimate(m.params, mode, loss) }); err != nil {
		return err
	}
	if _, resumed := run.Resumed(); m.minutes > 0 && !resumed {
		if err := m.affordable(); err != nil {
			return err
		}
	}
	tr, err := m.trainer(m.params)
	if err != nil {
		return err
	}
	m.setup = job.Setup{Trainer: tr, Batches: m.batches(), Held: m.held(), Data: m.key, Config: m.model, Files: m.tok.Files}
	if m.setup.Eval, err = graph.Build(m.params, graph.Eval, loss); err != nil {
		return err
	}
	m.setup.About = message.NewPrinter(language.English).Sprintf("%v of %d parameters on %s", m.contender, m.parameters, m.about)
	m.setup.Next = fmt.Sprintf("%s -model %s", flags.Call("gpt", "generate"), m.Out)
	return m.show()
}

// show answers the page of -watch.
func (m *model) show() error {
	if m.Watch == "" {
		return nil
	}
	cuts, err := inside.Cutters(nil)
	if err == nil {
		m.setup.Inside = inside.Watched(m.model, m.tok.Tokenizer, cuts, m.options.Options, m.MicroBatches, m.batches())
	}
	return err
}

// trainer builds a Trainer of the model over params.
func (m *model) trainer(params *graph.Params) (*train.Trainer, error) {
	step, err := graph.Build(params, graph.Train, m.model.Loss(m.rows, m.length))
	if err != nil {
		return nil, err
	}
	learning := m.Learning
	learning.LR = m.rate
	return learning.Trainer(step, m.Steps)
}

// The speed of a model is measured over as many steps after the first, or for this time if they are slow.
const (
	measuredSteps = 20
	measuredTime  = 5 * time.Second
)

// affordable sets -steps to the number of steps in -minutes, at least 2. It measures the speed of a copy of the model.
func (m *model) affordable() error {
	m.Steps = measuredSteps + 1
	tr, err := m.trainer(m.Params())
	if err != nil {
		return err
	}
	var each []time.Duration
	begin := time.Now()
	for r, err := range tr.Steps(context.Background(), m.batches()) {
		if err != nil {
			return err
		}
		if each = append(each, r.Elapsed); len(each) > 1 && time.Since(begin) > measuredTime {
			break
		}
	}
	each = each[1:] // the first is slower
	slices.Sort(each)
	m.Steps = max(int(m.minutes*60/each[len(each)/2].Seconds()), 2)
	if err := m.Learning.Check(m.Steps); err != nil {
		return errors.WithMessagef(err, "-minutes is %g, time for %d steps of %v", m.minutes, m.Steps, m.contender)
	}
	return nil
}

// sample returns the greedy answer to prompt i, after the prompt.
func (m *model) sample(i int) (string, error) {
	d, err := generate.NewDecoder(m.params, m.contender.model, 1)
	if err != nil {
		return "", err
	}
	prompt := m.prompt(i)
	out, err := generate.Batch(d, [][]int32{prompt}, generate.Options{Tokens: min(60, m.window-len(prompt)), Stop: m.stop})
	if err != nil {
		return "", err
	}
	text, err := m.tok.Decode(slices.Concat(prompt, out[0]))
	return strings.Join(strings.Fields(text), " "), err // on one line
}

// result returns the scores of the trained model.
func (m *model) result() (*result, error) {
	r := &result{contender: m.contender}
	if err := r.read(m.Out, m.units*max(m.MicroBatches, 1)); err != nil {
		return nil, err
	}
	return r, m.score(m.contender, m.params, r)
}
