package onnx

import "slices"

// prune removes the nodes and weights that no output needs.
func (m *Model) prune() {
	needed := map[string]bool{}
	for _, v := range m.Outputs {
		needed[v.Name] = true
	}
	for i := len(m.Nodes) - 1; i >= 0; i-- {
		if slices.ContainsFunc(m.Nodes[i].Out, func(out string) bool { return needed[out] }) {
			for _, in := range m.Nodes[i].In {
				needed[in] = true
			}
		}
	}
	m.Nodes = slices.DeleteFunc(m.Nodes, func(n Node) bool {
		return !slices.ContainsFunc(n.Out, func(out string) bool { return needed[out] })
	})
	m.Weights = slices.DeleteFunc(m.Weights, func(t Tensor) bool { return !needed[t.Name] })
}
