// Command _asm writes the assembly of package kernel and its Go declarations. Run it with go generate in graph/kernel.
package main

import . "github.com/mmcloughlin/avo/build"

func main() {
	ConstraintExpr("!purego")
	gemm()
	pack()
	Generate()
}
