package main

import (
	"fmt"
	"strings"

	"github.com/pkg/errors"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"github.com/gorgoformer/gorgoformer/examples/internal/corpora"
	"github.com/gorgoformer/gorgoformer/examples/internal/flags"
	"github.com/gorgoformer/gorgoformer/examples/internal/folder"
	"github.com/gorgoformer/gorgoformer/examples/internal/goroot"
	"github.com/gorgoformer/gorgoformer/examples/internal/inside"
	"github.com/gorgoformer/gorgoformer/examples/internal/vocabulary"
	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/tokenize/textfile"
	"github.com/gorgoformer/gorgoformer/train"
	"github.com/gorgoformer/gorgoformer/train/data"
	"github.com/gorgoformer/gorgoformer/train/job"
)

// training is a model, the Programs over its weights, and its training.
type training struct {
	*options
	text           string           // -data or its default
	corpora        *corpora.Corpora // of -data or -mix; nil if -data is text
	tok            vocabulary.Vocabulary
	model          folder.Model
	params         *graph.Params
	learning, held *data.Corpus
	batches        train.Source
	trainer        *train.Trainer
	setup          job.Setup
}

// prepare reads the text, the tokenizer and the model, and builds the Programs.
func prepare(o *options, run *job.Run) (*training, error) {
	t := &training{options: o}
	from, resumed := run.Resumed()
	if !resumed {
		from = o.init
	}
	if err := o.check(from == ""); err != nil {
		return nil, err
	}
	if err := t.size(from, resumed); err != nil {
		return nil, err
	}
	if err := t.read(from, run); err != nil {
		return nil, err
	}
	if from == "" {
		var err error
		if t.model, err = o.fresh(t.tok.VocabSize()); err != nil {
			return nil, err
		}
	}
	if n := t.tok.VocabSize(); n > t.model.Vocab {
		return nil, errors.Errorf("the tokenizer has %d tokens, the model in %s has %d", n, from, t.model.Vocab)
	}
	if err := t.build(resumed, run); err != nil {
		return nil, err
	}
	t.describe()
	return t, t.show()
}

// show answers the page of -watch.
func (t *training) show() error {
	if t.Watch == "" {
		return nil
	}
	on := vocabulary.Files(textfile.Set{Paths: []string{t.text}, Encoding: t.encoding})
	if t.corpora != nil {
		on = nil // shards hold no text
	}
	cuts, err := inside.Cutters(on)
	if err != nil {
		return err
	}
	batches := t.learning.Batches(t.batch, t.context)
	batches.Seed = t.Seed
	t.setup.Inside = inside.Watched(t.model.LanguageModel, t.tok.Tokenizer, cuts, t.Options, t.MicroBatches, batches)
	return nil
}

// read reads the text, trains or loads the tokenizer, and holds out the last tenth.
func (t *training) read(from string, run *job.Run) (err error) {
	if corpora.Is(t.data, t.mix) {
		return t.readCorpora(from)
	}
	if t.text = t.data; t.text == "" {
		if t.text, err = goroot.Opticks(); err != nil {
			return err
		}
	}
	text := textfile.Set{Paths: []string{t.text}, Encoding: t.encoding}
	if t.tok, err = t.vocabulary.Open(from, vocabulary.Files(text)); err != nil {
		return err
	}
	fingerprint, err := t.tok.Fingerprint()
	if err != nil {
		return err
	}
	corpus, err := data.Text{
		Paths: text.Paths, Encoding: text.Encoding, Encoder: t.tok, File: run.File("tokens.bin"), Fingerprint: fingerprint,
	}.Corpus()
	if err != nil {
		return err
	}
	if t.setup.Data, err = corpus.Key(); err != nil {
		return err
	}
	t.learning, t.held, err = split(corpus)
	return err
}

// build makes the Programs and the Trainer.
func (t *training) build(resumed bool, run *job.Run) error {
	loss, err := t.loss()
	if err != nil {
		return err
	}
	eval, err := t.declare(loss, resumed, run)
	if err != nil {
		return err
	}
	for _, pattern := range t.frozen() {
		if t.params.Freeze(pattern) == 0 {
			return errors.Errorf("-freeze: no weight matches %q: weights have names such as %s", pattern, t.someNames())
		}
	}
	step, err := graph.Build(t.params, graph.Train, loss)
	if err != nil {
		return err
	}
	if t.trainer, err = t.Trainer(step, t.Steps); err != nil {
		return err
	}
	t.draw()
	if err := corpora.CheckEnd(t.batches, t.Steps*max(t.MicroBatches, 1)); err != nil {
		return err
	}
	t.setup.Trainer, t.setup.Batches, t.setup.Eval = t.trainer, t.batches, eval
	if err := t.sets(); err != nil {
		return err
	}
	return t.adapter()
}

// declare makes the parameters, loads those of -init, and returns the Program for evaluation.
func (t *training) declare(loss func(*graph.Scope), resumed bool, run *job.Run) (eval *graph.Program, err error) {
	if t.params, err = t.lora.Adapt(t.Params(), t.model.LanguageModel); err != nil {
		return nil, err
	}
	for _, pattern := range t.frozen() {
		t.params.Freeze(pattern) // so that Require counts only trained weights
	}
	if t.lora.Given() {
		uses := []folder.Use{{Mode: graph.Train, Declare: loss}, {Mode: graph.Eval, Declare: loss}, {Mode: graph.Decode, Declare: t.model.Decode(1, 1)}}
		if err := folder.Pack(t.init, t.model, t.weights, t.params, uses...); err != nil {
			return nil, err
		}
	}
	if err := run.Require(func(m graph.Mode) (graph.Requirements, error) { return graph.Estimate(t.params, m, loss) }); err != nil {
		return nil, err
	}
	if eval, err = graph.Build(t.params, graph.Eval, loss); err != nil || t.init == "" {
		return eval, err
	}
	if !resumed || t.lora.Given() { // a checkpoint of an adapter lacks the base
		err = folder.LoadRest(t.init, t.model.LanguageModel, t.params, t.lora.Base(t.params))
	}
	return eval, err
}

// adapter makes the result of the run an adapter with -lora.
func (t *training) adapter() error {
	if !t.lora.Given() {
		return nil
	}
	sum, err := folder.Sum(t.init, t.model, t.params, t.lora.Base(t.params))
	if err != nil {
		return err
	}
	return t.lora.Setup(&t.setup, t.params, t.model.LanguageModel, t.init, sum)
}

// frozen returns the patterns of -freeze.
func (o *options) frozen() (patterns []string) {
	for pattern := range strings.SplitSeq(o.freeze, ",") {
		if o.freeze != "" {
			patterns = append(patterns, strings.TrimSpace(pattern))
		}
	}
	return patterns
}

// someNames returns the names of the first weight and of one in the middle, which is in a block.
func (t *training) someNames() string {
	var names []string
	for name := range t.params.All() {
		names = append(names, name)
	}
	return names[0] + " and " + names[len(names)/2]
}

// describe sets the first line of the run, its next command and the files of its folder.
func (t *training) describe() {
	t.setup.Config = t.model
	t.setup.Files = t.tok.Files
	_, title := familyOf(t.model)
	t.setup.About = message.NewPrinter(language.English).Sprintf("%s of %d parameters%s with a vocabulary of %d on %d tokens of %s, %d held out",
		title, folder.Size(t.params), t.lora.Describe(t.params), t.model.Vocab, t.learning.Len(), t.name(), t.held.Len())
	t.setup.Next = fmt.Sprintf("%s -model %s", flags.Call("gpt", "generate"), t.Out)
}
