package tokenize

// addedReader collects the added tokens of a file by the rules of Parse.
type addedReader struct {
	model  Model
	list   []AddedToken
	byText map[string]int // index into list
	byID   map[int32]bool
	next   int32 // above all ids
}

func newAddedReader(m Model) *addedReader {
	return &addedReader{model: m, byText: map[string]int{}, byID: map[int32]bool{}, next: int32(m.VocabSize())}
}

func (r *addedReader) add(a AddedToken) {
	if a.Text == "" {
		return
	}
	if i, ok := r.byText[a.Text]; ok {
		a.ID, a.Special = r.list[i].ID, a.Special || r.list[i].Special
		r.list[i] = a
		return
	}
	if id, ok := r.model.TokenToID(a.Text); ok {
		a.ID = id
	} else if _, ok := r.model.IDToToken(a.ID); ok || r.byID[a.ID] {
		a.ID = r.next
	}
	r.byText[a.Text], r.byID[a.ID], r.next = len(r.list), true, max(r.next, a.ID+1)
	r.list = append(r.list, a)
}
