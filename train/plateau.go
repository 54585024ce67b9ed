package train

// Plateau lowers the learning rate when the validation loss no longer falls, as torch.optim.lr_scheduler.ReduceLROnPlateau does. Set it
// in a Trainer and call Observe after each evaluation. It is part of the state of the run: save it as JSON with the State.
type Plateau struct {
	Factor    float64 `json:"factor"`           // of the rate; 0 means 0.1
	Patience  int     `json:"patience"`         // evaluations without improvement that are tolerated
	Threshold float64 `json:"threshold"`        // an improvement is a loss below Best·(1-Threshold)
	Cooldown  int     `json:"cooldown"`         // evaluations after a reduction that do not count
	Least     float64 `json:"least"`            // smallest Scale
	Higher    bool    `json:"higher,omitempty"` // an improvement is a value above Best·(1+Threshold)

	Scale   float64 `json:"scale"`   // factor of the learning rate so far; 0 means 1
	Best    float64 `json:"best"`    // value of the last improvement
	Bad     int     `json:"bad"`     // evaluations since the last improvement or reduction
	Cooling int     `json:"cooling"` // evaluations left of the cooldown
	Count   int     `json:"count"`   // evaluations with a finite value
}

// Observe records the value of an evaluation, a loss or a score, and reports whether it lowers the rate. A value that is not finite is
// no improvement.
func (p *Plateau) Observe(value float64) (lowered bool) {
	finite := value-value == 0
	better := value < p.Best*(1-p.Threshold)
	if p.Higher {
		better = value > p.Best*(1+p.Threshold)
	}
	if finite && (p.Count == 0 || better) {
		p.Best, p.Bad = value, 0
	} else {
		p.Bad++
	}
	if finite {
		p.Count++
	}
	if p.Cooling > 0 {
		p.Cooling--
		p.Bad = 0
	}
	if p.Bad <= p.Patience {
		return false
	}
	was := p.scale()
	p.Scale, p.Cooling, p.Bad = max(was*p.factor(), p.Least), p.Cooldown, 0
	return p.Scale < was
}

func (p *Plateau) factor() float64 {
	if p.Factor == 0 {
		return 0.1
	}
	return p.Factor
}

// scale returns the factor of the learning rate.
func (p *Plateau) scale() float64 {
	if p == nil || p.Scale == 0 {
		return 1
	}
	return p.Scale
}
