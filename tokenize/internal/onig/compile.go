package onig

import "github.com/gorgoformer/gorgoformer/tokenize/internal/char"

// programCompiler writes the instructions of a program.
type programCompiler struct {
	program *Program
	sets    []char.Set // by bit
	masks   []uint32   // by class: the sets that contain it
	code    []instruction
	loops   bool // write a repeated set as a loop
	ok      bool
}

// put appends an instruction and returns its index.
func (c *programCompiler) put(in instruction) int {
	if len(c.code) >= maxProgram {
		c.ok = false
	}
	if !c.ok {
		return 0
	}
	c.code = append(c.code, in)
	return len(c.code) - 1
}

// emit writes the code of n. rest holds the characters that may follow n.
func (c *programCompiler) emit(n *regexNode, rest firstSet) {
	if !c.ok {
		return
	}
	switch n.kind {
	case nodeSequence:
		for i, kid := range n.kids {
			c.emit(kid, c.first(&regexNode{kids: n.kids[i+1:]}, rest))
		}
	case nodeSet:
		c.put(instruction{op: opSet, set: c.setOf(n)})
	case nodeChoice:
		c.choice(n, rest)
	case nodeRepeat:
		c.repeat(n, rest)
	case nodeStart:
		c.program.Forward = false
		c.put(instruction{op: opStart})
	case nodeEnd:
		c.put(instruction{op: opEnd})
	case nodeAtomic:
		if kid := n.kids[0]; kid.kind == nodeRepeat && kid.kids[0].kind == nodeSet && !kid.lazy {
			c.ok = c.ok && max(kid.min, kid.max) <= maxPossessive
			c.put(instruction{op: opRun, set: c.setOf(kid.kids[0]), min: kid.min, max: kid.max, possessive: true})
			return
		}
		c.apart(opAtomic, n, 0)
	case nodeAhead:
		if n.kids[0].kind == nodeSet {
			c.put(instruction{op: opLook, set: c.setOf(n.kids[0]), negative: n.negative})
			return
		}
		c.apart(opAhead, n, 0)
	case nodeBehind:
		c.behind(n, rest)
	}
}

// setOf returns the classes of a nodeSet.
func (c *programCompiler) setOf(n *regexNode) *classes {
	in := c.classesOf(firstSet{set: c.bitOf(n.set)})
	return &in
}

func (c *programCompiler) choice(n *regexNode, rest firstSet) {
	if len(n.kids) > maxWays {
		more := &regexNode{kind: nodeChoice, kids: n.kids[maxWays-1:]}
		n = &regexNode{kind: nodeChoice, kids: append(n.kids[:maxWays-1:maxWays-1], more)}
	}
	at := c.branch(len(n.kids))
	var jumps []int
	for i, kid := range n.kids {
		c.aim(at, i, c.first(kid, rest))
		c.emit(kid, rest)
		if i < len(n.kids)-1 {
			jumps = append(jumps, c.put(instruction{op: opJump}))
		}
	}
	for _, j := range jumps {
		if c.ok {
			c.code[j].target = len(c.code)
		}
	}
}

// branch writes an opBranch with n ways and returns its index.
func (c *programCompiler) branch(n int) int {
	c.program.Branches++
	b := &branch{number: c.program.Branches - 1, pcs: make([]int, n)}
	return c.put(instruction{op: opBranch, branch: b})
}

// aim makes the next instruction the target of way i of the opBranch at index at. first holds the characters that allow the
// way.
func (c *programCompiler) aim(at, i int, first firstSet) {
	if !c.ok {
		return
	}
	b := c.code[at].branch
	b.pcs[i] = len(c.code)
	for class, mask := range c.masks {
		if first.has(mask) {
			b.ways[class] |= 1 << i
		}
	}
}

// apart writes the child of n as code that the machine matches on its own.
func (c *programCompiler) apart(op opcode, n *regexNode, back int) {
	c.program.Plain = c.program.Plain && n.bounded()
	at := c.put(instruction{op: op, negative: n.negative, min: back})
	c.emit(n.kids[0], firstSet{any: true, match: true})
	c.put(instruction{op: opMatch})
	if c.ok {
		c.code[at].target = len(c.code)
	}
}

// behind writes a look-behind. All matches of an alternative must have the same length.
func (c *programCompiler) behind(n *regexNode, rest firstSet) {
	c.program.Forward = false
	part := n.kids[0]
	if length, ok := part.length(); ok {
		c.apart(opBehind, n, length)
		return
	}
	if part.kind != nodeChoice {
		c.ok = false
		return
	}
	looks := &regexNode{kind: nodeChoice}
	if n.negative {
		looks.kind = nodeSequence
	}
	for _, kid := range part.kids {
		if _, ok := kid.length(); !ok {
			c.ok = false
			return
		}
		looks.kids = append(looks.kids, &regexNode{kind: nodeBehind, negative: n.negative, kids: []*regexNode{kid}})
	}
	c.emit(looks, rest)
}

func (c *programCompiler) repeat(n *regexNode, rest firstSet) {
	kid := n.kids[0]
	if n.max == 0 {
		return
	}
	if kid.kind == nodeSet && !n.lazy && !c.loops {
		possessive := rest.match || !rest.any && c.disjoint(c.bitOf(kid.set), rest.set)
		c.put(instruction{op: opRun, set: c.setOf(kid), min: n.min, max: n.max, possessive: possessive})
		return
	}
	if n.max != 1 && kid.nullable() {
		c.ok = false
		return
	}
	after := firstSet{any: true}
	for range n.min {
		c.emit(kid, after)
	}
	if n.max < 0 {
		loop := len(c.code)
		end := c.way(kid, n.lazy, rest, c.first(kid, after).or(rest))
		c.put(instruction{op: opJump, target: loop})
		c.land(end, n.lazy, rest)
		return
	}
	var ends []int
	for range n.max - n.min {
		if !c.ok {
			return
		}
		after.match = rest.match
		ends = append(ends, c.way(kid, n.lazy, rest, after))
	}
	for _, end := range ends {
		c.land(end, n.lazy, rest)
	}
}

// way writes a branch between kid and the rest. land sets the target of the second way.
func (c *programCompiler) way(kid *regexNode, lazy bool, rest, after firstSet) int {
	at := c.branch(2)
	i := 0
	if lazy {
		i = 1
	}
	c.aim(at, i, c.first(kid, rest))
	c.emit(kid, after)
	return at
}

// land makes the next instruction the target of the second way of the branch at index at.
func (c *programCompiler) land(at int, lazy bool, rest firstSet) {
	i := 1
	if lazy {
		i = 0
	}
	c.aim(at, i, rest)
}

// disjoint reports whether the sets of s and t have no character in common.
func (c *programCompiler) disjoint(s, t uint32) bool {
	for _, mask := range c.masks {
		if mask&s != 0 && mask&t != 0 {
			return false
		}
	}
	return true
}

// first returns the characters with which n, followed by rest, may begin.
func (c *programCompiler) first(n *regexNode, rest firstSet) firstSet {
	switch n.kind {
	case nodeSequence:
		for i := len(n.kids) - 1; i >= 0; i-- {
			rest = c.first(n.kids[i], rest)
		}
		return rest
	case nodeSet:
		return firstSet{set: c.bitOf(n.set)}
	case nodeChoice:
		var f firstSet
		for _, kid := range n.kids {
			f = f.or(c.first(kid, rest))
		}
		return f
	case nodeRepeat:
		kid := n.kids[0]
		f := c.first(kid, firstSet{any: true})
		f.match = false
		if n.min == 0 {
			return f.or(rest)
		}
		return f
	}
	return firstSet{any: true}
}
