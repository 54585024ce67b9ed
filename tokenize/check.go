package tokenize

import "github.com/pkg/errors"

// checker is a stage that can validate its fields.
type checker interface{ check() error }

// each calls do with a stage, or with every part of a list of stages.
func each(stage any, do func(any) error) error {
	switch list := stage.(type) {
	case nil:
		return nil
	case Normalizers:
		return eachOf(list, do)
	case Splitters:
		return eachOf(list, do)
	case PostProcessors:
		return eachOf(list, do)
	case Decoders:
		return eachOf(list, do)
	}
	return do(stage)
}

func eachOf[T any](list []T, do func(any) error) error {
	for _, part := range list {
		if err := each(part, do); err != nil {
			return err
		}
	}
	return nil
}

// checkStages returns an error if a field of a stage is invalid.
func checkStages(s Stages) error {
	for _, stage := range []any{s.Normalizer, s.Splitter, s.PostProcessor, s.Decoder} {
		err := each(stage, func(part any) error {
			if c, ok := part.(checker); ok {
				return errors.WithMessagef(c.check(), "%T", part)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
