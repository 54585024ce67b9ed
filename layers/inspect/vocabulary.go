package inspect

import (
	"math"
	"slices"

	"github.com/pkg/errors"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
	"gorgonia.org/tensor"
)

// Neighbor is a row of a table with its cosine to another row.
type Neighbor struct {
	ID     int32
	Cosine float64
}

// Table returns a table of token embeddings, one row for each id. path is that of a Stream in Reading.Vectors. The values of a table of
// float32 are the weights themselves, not a copy.
func (x *Inspector) Table(path string) (Matrix, error) {
	t := x.params.Value(path + ".weight")
	if t == nil || t.Dims() != 2 {
		return Matrix{}, errors.Errorf("inspect: the model has no table of embeddings %s.weight", path)
	}
	if t.Dtype() == tensor.Float32 {
		return Matrix{t.Shape()[0], t.Shape()[1], t.Float32s()}, nil
	}
	return matrix(t), nil
}

// TablePath returns the path of the table of token embeddings.
func (x *Inspector) TablePath() (string, error) {
	x.tables.Lock()
	defer x.tables.Unlock()
	if x.table != "" {
		return x.table, nil
	}
	r, err := x.Read(x.least())
	if err != nil {
		return "", err
	}
	if len(r.Vectors) == 0 {
		return "", errors.Errorf("inspect: a model of type %T has no token embeddings", x.model)
	}
	path := r.Vectors[0].Path
	for _, table := range []string{path, path + ".tok_embeddings", "shared"} { // those of models.ModernBERT and models.T5 have their own scopes
		if x.params.Value(table+".weight") != nil {
			x.table = table
			return table, nil
		}
	}
	return "", errors.Errorf("inspect: the model has no table of embeddings %s.weight", path)
}

// Nearest returns the n rows that point most nearly in the direction of row id, by cosine, without the row itself. Rows of zeros have
// no direction, and a cosine of 0.
func (m Matrix) Nearest(id int32, n int) ([]Neighbor, error) {
	if id < 0 || int(id) >= m.Rows {
		return nil, errors.Errorf("inspect: row %d of a table of %d rows", id, m.Rows)
	}
	all := make([]Neighbor, 0, m.Rows)
	for i := range m.Rows {
		if i != int(id) {
			all = append(all, Neighbor{int32(i), Cosine(m.Row(int(id)), m.Row(i))})
		}
	}
	slices.SortFunc(all, func(a, b Neighbor) int {
		if a.Cosine != b.Cosine {
			return int(math.Copysign(1, b.Cosine-a.Cosine))
		}
		return int(a.ID - b.ID)
	})
	return all[:min(max(n, 0), len(all))], nil
}

// Cosine returns the cosine of the angle between two vectors of equal length, 0 if one is zero.
func Cosine(a, b []float32) float64 {
	var ab, aa, bb float64
	for i, v := range a {
		w := b[i]
		ab, aa, bb = ab+float64(v)*float64(w), aa+float64(v)*float64(v), bb+float64(w)*float64(w)
	}
	if aa == 0 || bb == 0 {
		return 0
	}
	return ab / math.Sqrt(aa*bb)
}

// mostFitted bounds the rows from which Map finds its axes.
const mostFitted = 2048

// Map projects the rows to the plane of their largest variance (principal components): (N, C) → (N, 2). For a large table the axes are
// those of 2,048 rows, taken evenly.
func (m Matrix) Map() (Matrix, error) {
	if m.Rows < 2 || m.Cols < 2 {
		return Matrix{}, errors.Errorf("inspect: map of a table of %d × %d, want at least 2 × 2", m.Rows, m.Cols)
	}
	n := min(m.Rows, mostFitted)
	fitted, means := mat.NewDense(n, m.Cols, nil), make([]float64, m.Cols)
	for i := range n {
		for j, v := range m.Row(i * m.Rows / n) {
			fitted.Set(i, j, float64(v))
			means[j] += float64(v) / float64(n)
		}
	}
	var pc stat.PC
	if !pc.PrincipalComponents(fitted, nil) {
		return Matrix{}, errors.New("inspect: map: the principal components do not converge: the table has values that are not finite")
	}
	var axes mat.Dense
	pc.VectorsTo(&axes)
	plane := Matrix{Rows: m.Rows, Cols: 2, Values: make([]float32, 2*m.Rows)}
	for i := range m.Rows {
		for axis := range min(2, axes.RawMatrix().Cols) {
			sum := 0.0
			for j, v := range m.Row(i) {
				sum += (float64(v) - means[j]) * axes.At(j, axis)
			}
			plane.Values[2*i+axis] = float32(sum)
		}
	}
	return plane, nil
}
