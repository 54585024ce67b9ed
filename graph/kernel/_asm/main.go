// Command _asm writes the assembly of package kernel and its Go declarations. Run it with go generate in graph/kernel.
package main

import (
	"flag"

	. "github.com/mmcloughlin/avo/build"
)

func main() {
	other := flag.String("other", "", "file of the stand-ins for other processors")
	noRows := flag.String("norows", "", "file of the stand-ins for processors without assembly on rows")
	flag.Parse()
	ConstraintExpr("!purego")
	gemm()
	for rows := 3; rows <= 6; rows++ {
		fewRows(rows)
	}
	pack()
	thin()
	quantMul()
	cacheRows()
	activations()
	exponentials()
	sums()
	linear()
	norms()
	rotations()
	optimizers()
	dropout()
	attention()
	tiles()
	if *other != "" {
		writeOther(*other, "!amd64 || purego", onlyHere)
		writeOther(*noRows, "(!amd64 && !arm64) || purego", rowsOnly)
	}
	Generate()
}
