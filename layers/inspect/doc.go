// Package inspect looks inside trained models: the vectors between the blocks, the attention of every head, the token that the model
// would predict after each block, and the map of its vocabulary.
//
//	x := inspect.New(params, model)
//	r, err := x.Read(inspect.Input{Tokens: ids})
//	p := r.Attentions[3].Probabilities // (H, T, S)
//
// The one idea: the same declaration that trains a model is built once more over the same weights, with the values that layers show as
// outputs (graph.Scope.Look). So the numbers are the model's own, and a model of your own can be looked at, too, if its layers are those
// of package layers.
//
// An Inspector may be used from several goroutines. Nothing may write the weights while it reads: for a model in training, give it a
// copy of them (Copy).
package inspect
