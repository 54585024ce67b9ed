package train

import (
	"context"
	"math"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"
)

// RateTest finds a learning rate: it trains a few steps with a rate that grows exponentially, until the loss diverges (Smith 2017,
// "Cyclical Learning Rates for Training Neural Networks", https://arxiv.org/abs/1506.01186).
type RateTest struct {
	Low, High float64 // first and last rate; 0 means 1e-6 and 10
	Steps     int     // 0 means 100
}

// RatePoint is a step of a RateTest.
type RatePoint struct {
	Rate   float64
	Loss   float64 // of the step
	Smooth float64 // moving average of the losses so far
}

// diverged is the quotient of the smooth loss and its minimum at which a RateTest ends.
const diverged = 2

// Run trains, and returns the points and the rate at which the smooth loss falls fastest. The weights, the State and the optimizer's state
// are then as before. It is an error if the loss never falls, if ctx is cancelled, or if the optimizer is not Stateful.
func (c RateTest) Run(ctx context.Context, tr *Trainer, source Source) (points []RatePoint, best float64, err error) {
	defer func() { err = errors.WithMessage(err, "train: rate test") }()
	s, ok := tr.Optimizer.(Stateful)
	if !ok {
		return nil, 0, errors.Errorf("optimizer %T does not return its state, which the test restores", tr.Optimizer)
	}
	if err := tr.check(); err != nil {
		return nil, 0, err
	}
	if c, err = c.standard(); err != nil {
		return nil, 0, err
	}
	if err := s.Bind(tr.Program.ValueGrads()); err != nil {
		return nil, 0, err
	}
	restore := keep(tr, s)
	defer func() {
		if e := restore(); err == nil {
			err = e
		}
	}()
	test := *tr
	begin := tr.Step
	test.Until, test.Plateau, test.Rate = begin+c.Steps, nil, func(step int) float64 { return c.rate(step - begin) }
	if points, err = test.ramp(ctx, source); err != nil {
		return nil, 0, err
	}
	if err := ctx.Err(); err != nil {
		return nil, 0, err
	}
	best, err = steepest(points)
	return points, best, err
}

func (c RateTest) standard() (RateTest, error) {
	if c.Low == 0 {
		c.Low = 1e-6
	}
	if c.High == 0 {
		c.High = 10
	}
	if c.Steps == 0 {
		c.Steps = 100
	}
	if !(c.Low > 0 && c.Low < c.High && c.High-c.High == 0) || c.Steps < 3 {
		return c, errors.Errorf("%d steps from %g to %g, want at least 3 and a positive rate that grows", c.Steps, c.Low, c.High)
	}
	return c, nil
}

func (c RateTest) rate(i int) float64 {
	return c.Low * math.Pow(c.High/c.Low, float64(i)/float64(c.Steps-1))
}

// ramp trains until the loss diverges. A loss or a gradient that is not finite is an end, too.
func (tr *Trainer) ramp(ctx context.Context, source Source) (points []RatePoint, err error) {
	const beta = 0.9
	mean, least := 0.0, math.Inf(1)
	for r, err := range tr.Steps(ctx, source) {
		if err != nil {
			if len(points) > 0 && tr.overflows() {
				return points, nil
			}
			return nil, err
		}
		mean = beta*mean + (1-beta)*r.Loss
		p := RatePoint{r.Rate, r.Loss, mean / (1 - math.Pow(beta, float64(len(points)+1)))}
		points = append(points, p)
		if least = min(least, p.Smooth); p.Smooth > diverged*least {
			break
		}
	}
	return points, nil
}

// overflows reports whether the loss or a gradient of the last run is not finite.
func (tr *Trainer) overflows() bool {
	norm, err := GradNorm(tr.Program.ValueGrads())
	loss := tr.Program.Loss()
	return loss-loss != 0 || err == nil && norm-norm != 0
}

// steepest returns the rate at which the smooth loss falls fastest before its minimum.
func steepest(points []RatePoint) (rate float64, err error) {
	fall := 0.0
	for i := 1; i+1 < len(points); i++ {
		if d := points[i-1].Smooth - points[i+1].Smooth; d > fall {
			fall, rate = d, points[i].Rate
		}
	}
	if rate == 0 {
		return 0, errors.Errorf("the loss never falls in %d steps up to a rate of %g", len(points), points[len(points)-1].Rate)
	}
	return rate, nil
}

// keep copies the weights and the optimizer's state. The returned function puts them back.
func keep(tr *Trainer, s Stateful) (restore func() error) {
	var weights []*tensor.Dense
	for _, v := range tr.Program.Params().All() {
		weights = append(weights, v.Clone().(*tensor.Dense))
	}
	state := map[string]*tensor.Dense{}
	for name, t := range s.State() {
		state[name] = t.Clone().(*tensor.Dense)
	}
	return func() error {
		i := 0
		for _, v := range tr.Program.Params().All() {
			copyTensor(v, weights[i])
			i++
		}
		return s.Restore(state)
	}
}
