package main

import (
	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/examples/internal/inside"
	"github.com/gorgoformer/gorgoformer/train/report/page"
)

// openRun opens a training run with its checkpoints. learn follows its log.
func openRun(dir string, history *page.History) (*inside.Model, *page.History, func(<-chan struct{}) error, error) {
	return nil, nil, nil, errors.Errorf("-run %s: not there yet", dir)
}
